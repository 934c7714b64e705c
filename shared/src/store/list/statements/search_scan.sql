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
                is_match
            FROM
                (
                    (
                        SELECT
                            created_at AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($1 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = TRUE
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
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($3 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = TRUE
                            AND is_superuser = FALSE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $4
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($5 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = TRUE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $6
                    )
                    UNION ALL
                    (
                        SELECT
                            created_at AS key,
                            id,
                            strpos(
                                lower(
                                    replace (
                                        replace (
                                            username || E'\n' || email || E'\n' || coalesce(full_name, ''),
                                            E'\u0130',
                                            E'i\u0307'
                                        ),
                                        E'\u212A',
                                        'k'
                                    ) COLLATE "C"
                                ),
                                (
                                    SELECT
                                        lower($7 COLLATE "und-x-icu") COLLATE "C")
                            ) > 0 AS is_match
                        FROM
                            users
                        WHERE
                            is_active = FALSE
                            AND is_superuser = FALSE
                        ORDER BY
                            created_at DESC,
                            id DESC
                        LIMIT
                            $8
                    )
                ) AS ranges
            ORDER BY
                key DESC,
                id DESC
            LIMIT
                $9 OFFSET $10
        ) AS examined
    WHERE
        is_match
    ORDER BY
        key DESC,
        id DESC
    LIMIT
        $11
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
            id DESC OFFSET $12
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
                            $13
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
                            $14
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
                            $15
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
                            $16
                    )
                ) AS ranges
            ORDER BY
                key DESC,
                id DESC
            LIMIT
                $17 OFFSET $18
        ) AS ending
    WHERE
        (
            SELECT
                count(*)
            FROM
                matches
        ) < $19
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
