SELECT
    count(*)
FROM
    (
        SELECT
        FROM
            (
                SELECT
                    is_active,
                    is_superuser
                FROM
                    users
                WHERE
                    lower(
                        (
                            username || E'\n' || email || E'\n' || coalesce(full_name, '')
                        ) COLLATE "und-x-icu"
                    ) COLLATE "C" ~ lower($1 COLLATE "und-x-icu") COLLATE "C" OFFSET 0
            ) AS found
        WHERE
            TRUE
        LIMIT
            $2
    ) AS counted;
