SELECT
    id::user_id
FROM
    (
        SELECT
            id,
            created_at AS key,
            is_active,
            is_superuser
        FROM
            users
        WHERE
            lower(
                (
                    username || E'\n' || email || E'\n' || coalesce(full_name, '')
                ) COLLATE "und-x-icu"
            ) COLLATE "C" LIKE lower($1 COLLATE "und-x-icu") COLLATE "C" OFFSET 0
    ) AS found
WHERE
    TRUE
ORDER BY
    key DESC,
    id DESC
LIMIT
    $2 OFFSET $3;
