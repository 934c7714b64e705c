WITH
found AS MATERIALIZED (
    SELECT
        id::bigint AS id,
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
        ) COLLATE "C" LIKE lower($1 COLLATE "und-x-icu") COLLATE "C"
    LIMIT
        20001
),
chosen AS (
    SELECT
        key,
        id
    FROM
        found
    WHERE
        TRUE
)
SELECT
    (
        SELECT
            count(*)
        FROM
            found
    ) AS collected,
    (
        SELECT
            count(*)
        FROM
            chosen
    ) AS total,
    ARRAY(
        SELECT
            id
        FROM
            chosen
        WHERE
            TRUE
        ORDER BY
            key DESC,
            id DESC
        LIMIT
            $2 OFFSET $3
    ) AS ids;
