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
            ) AS newest
        WHERE
            strpos(folded_text, $6) > 0
        LIMIT
            $7
    ) AS counted;
