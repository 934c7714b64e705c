WITH
found AS MATERIALIZED (
    SELECT
        id,
        key
    FROM
        (
            SELECT
                id,
                CASE
                    WHEN octet_length(email) = char_length(email) THEN lower(email COLLATE "C")
                    ELSE lower(email COLLATE "und-x-icu") COLLATE "C"
                END AS key,
                is_active,
                is_superuser
            FROM
                users
            WHERE
                (
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
                    END
                ) LIKE $1
                AND (
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
                    END
                ) ~ $2 OFFSET 0
        ) AS matching
    WHERE
        TRUE
)
SELECT
    page.id::user_id,
    counted.matches
FROM
    (
        SELECT
            count(*) AS matches
        FROM
            found
    ) AS counted
    LEFT JOIN (
        SELECT
            id
        FROM
            found
        WHERE
            TRUE
            AND (key, id) > ($3 COLLATE "C", $4::user_id)
        ORDER BY
            key ASC,
            id ASC
        LIMIT
            $5 OFFSET $6
    ) AS page ON TRUE;
