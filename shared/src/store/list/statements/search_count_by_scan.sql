SELECT
    count(*)
FROM
    (
        SELECT
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
            ) AS newest
        WHERE
            is_match
        LIMIT
            $11
    ) AS counted;
