SELECT
    users.id::user_id AS id,
    nullif(users.email::text, '') AS email,
    nullif(users.username::text, '') AS username,
    users.full_name::text AS full_name,
    users.is_active,
    users.is_superuser,
    CASE
        WHEN users.created_at > '-infinity' THEN least(
            greatest(users.created_at, '0001-01-01T00:00:00Z'),
            '9999-12-31T23:59:59.999999Z'
        )
    END AS created_at,
    CASE
        WHEN coalesce(users.updated_at, users.created_at) > '-infinity' THEN least(
            greatest(
                coalesce(users.updated_at, users.created_at),
                '0001-01-01T00:00:00Z'
            ),
            '9999-12-31T23:59:59.999999Z'
        )
    END AS updated_at,
    lower(username COLLATE "und-x-icu") COLLATE "C" AS text_key,
    (
        TRUE
        AND (
            lower(username COLLATE "und-x-icu") COLLATE "C",
            id
        ) > ($1 COLLATE "C", $2::user_id)
    ) AS is_beyond
FROM
    users
WHERE
    TRUE
    AND lower(email COLLATE "und-x-icu") COLLATE "C" = lower($3 COLLATE "und-x-icu") COLLATE "C"
    AND lower(username COLLATE "und-x-icu") COLLATE "C" = lower($4 COLLATE "und-x-icu") COLLATE "C"
    AND id = ANY($5::user_id[])
    AND is_active = TRUE
ORDER BY
    lower(username COLLATE "und-x-icu") COLLATE "C" ASC,
    id ASC;
