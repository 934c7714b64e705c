WITH
matches AS MATERIALIZED (
    SELECT
        key,
        id
    FROM
        (
            SELECT
                key,
                id,
                CASE
                    WHEN octet_length(username::text) = char_length(username::text) THEN lower(username::text COLLATE "C")
                    ELSE translate(
                        replace (
                            lower(
                                normalize(
                                    regexp_replace(
                                        normalize(username::text, NFD) COLLATE "C",
                                        '[\u0300-\u036f]+',
                                        '',
                                        'g'
                                    ),
                                    NFC
                                ) COLLATE "und-x-icu"
                            ) COLLATE "C",
                            'ß',
                            'ss'
                        ),
                        'ıςłøđħ',
                        'iσlodh'
                    )
                END || E'\x01' || CASE
                    WHEN octet_length(email::text) = char_length(email::text) THEN lower(email::text COLLATE "C")
                    ELSE translate(
                        replace (
                            lower(
                                normalize(
                                    regexp_replace(
                                        normalize(email::text, NFD) COLLATE "C",
                                        '[\u0300-\u036f]+',
                                        '',
                                        'g'
                                    ),
                                    NFC
                                ) COLLATE "und-x-icu"
                            ) COLLATE "C",
                            'ß',
                            'ss'
                        ),
                        'ıςłøđħ',
                        'iσlodh'
                    )
                END || E'\x01' || CASE
                    WHEN octet_length(coalesce(full_name::text, '')) = char_length(coalesce(full_name::text, '')) THEN lower(coalesce(full_name::text, '') COLLATE "C")
                    ELSE translate(
                        replace (
                            lower(
                                normalize(
                                    regexp_replace(
                                        normalize(coalesce(full_name::text, ''), NFD) COLLATE "C",
                                        '[\u0300-\u036f]+',
                                        '',
                                        'g'
                                    ),
                                    NFC
                                ) COLLATE "und-x-icu"
                            ) COLLATE "C",
                            'ß',
                            'ss'
                        ),
                        'ıςłøđħ',
                        'iσlodh'
                    )
                END AS folded_text
            FROM
                (
                    (
                        SELECT
                            created_at AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = TRUE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $1
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $2
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $3
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id,
                            username,
                            email,
                            full_name
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $4
                    )
                ) AS ranges
            ORDER BY
                key DESC,
                id DESC
            LIMIT
                $5
        ) AS examined
    WHERE
        strpos(folded_text, $6) > 0
    ORDER BY
        key DESC,
        id DESC
    LIMIT
        $7
),
place AS (
    (
        SELECT
            key,
            id,
            'match' AS role
        FROM
            matches
        ORDER BY
            key DESC,
            id DESC OFFSET $8
    )
    UNION ALL
    SELECT
        key,
        id,
        'last'
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
                            AND is_superuser = TRUE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $9
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $10
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $11
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $12
                    )
                ) AS ranges
            ORDER BY
                key DESC,
                id DESC
            LIMIT
                $13 OFFSET $14
        ) AS ending
    WHERE
        (
            SELECT
                count(*)
            FROM
                matches
        ) < $15
)
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
    place.role,
    (
        SELECT
            count(*)
        FROM
            matches
    ) AS matches,
    (
        SELECT
            (
                (
                    SELECT
                        coalesce(sum(users), 0)
                    FROM
                        user_count_totals
                    WHERE
                        TRUE
                ) + (
                    SELECT
                        coalesce(sum(users), 0)
                    FROM
                        user_count_changes
                    WHERE
                        TRUE
                )
            )::bigint
    ) AS listed
FROM
    place
    JOIN users ON users.id = place.id
ORDER BY
    place.key DESC,
    place.id DESC;
