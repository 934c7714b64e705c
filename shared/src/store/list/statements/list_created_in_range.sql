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
    NULL::text AS text_key,
    (
        SELECT
            NULL::bigint) AS total
FROM
    (
        SELECT
            key,
            id
        FROM
            (
                (
                    SELECT
                        created_at AS key,
                        id
                    FROM
                        users
                    WHERE
                        is_active = TRUE
                        AND is_superuser = FALSE
                        AND created_at >= $1
                        AND created_at < $2
                    ORDER BY
                        created_at DESC,
                        id DESC
                    LIMIT
                        $3
                )
            ) AS ranges
        ORDER BY
            key DESC,
            id DESC
        LIMIT
            $4
    ) AS place
    JOIN users ON users.id = place.id
ORDER BY
    place.key DESC,
    place.id DESC;
