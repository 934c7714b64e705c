SELECT
    users.id::bigint AS id,
    users.email::text AS email,
    users.username::text AS username,
    users.full_name::text AS full_name,
    users.is_active,
    users.is_superuser,
    least(
        greatest(users.created_at, '0001-01-01T00:00:00Z'),
        '9999-12-31T23:59:59.999999Z'
    ) AS created_at,
    least(
        greatest(
            coalesce(users.updated_at, users.created_at),
            '0001-01-01T00:00:00Z'
        ),
        '9999-12-31T23:59:59.999999Z'
    ) AS updated_at,
    lower(email COLLATE "und-x-icu") COLLATE "C" AS text_key
FROM
    users
WHERE
    id = ANY($1)
ORDER BY
    lower(email COLLATE "und-x-icu") COLLATE "C" ASC,
    users.id ASC;
