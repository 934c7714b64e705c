SELECT
    count(*)
FROM
    users
WHERE
    lower(
        (
            username || E'\n' || email || E'\n' || coalesce(full_name, '')
        ) COLLATE "und-x-icu"
    ) COLLATE "C" ~ lower($1 COLLATE "und-x-icu") COLLATE "C";
