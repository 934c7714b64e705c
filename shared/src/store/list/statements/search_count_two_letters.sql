SELECT
    count(*)
FROM
    (
        SELECT
        FROM
            (
                SELECT
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
                    ) ~ ANY ($1)
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
                    ) ~ ANY ($2)
                UNION ALL
                SELECT
                    is_active,
                    is_superuser
                FROM
                    (
                        SELECT
                            id,
                            username,
                            email,
                            created_at,
                            is_active,
                            is_superuser,
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
                            users
                        WHERE
                            (
                                (
                                    CASE
                                        WHEN octet_length(username::text) <> char_length(username::text)
                                        AND username::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN username::text || E'\x01'
                                        ELSE ''
                                    END || CASE
                                        WHEN octet_length(email::text) <> char_length(email::text)
                                        AND email::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN email::text || E'\x01'
                                        ELSE ''
                                    END || CASE
                                        WHEN octet_length(coalesce(full_name::text, '')) <> char_length(coalesce(full_name::text, ''))
                                        AND coalesce(full_name::text, '') ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN coalesce(full_name::text, '') || E'\x01'
                                        ELSE ''
                                    END
                                ) <> ''
                                AND array_to_tsvector(
                                    array_remove(
                                        string_to_array(
                                            regexp_replace(
                                                translate(
                                                    replace (
                                                        lower(
                                                            normalize(
                                                                regexp_replace(
                                                                    normalize(
                                                                        (
                                                                            CASE
                                                                                WHEN octet_length(username::text) <> char_length(username::text)
                                                                                AND username::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN username::text || E'\x01'
                                                                                ELSE ''
                                                                            END || CASE
                                                                                WHEN octet_length(email::text) <> char_length(email::text)
                                                                                AND email::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN email::text || E'\x01'
                                                                                ELSE ''
                                                                            END || CASE
                                                                                WHEN octet_length(coalesce(full_name::text, '')) <> char_length(coalesce(full_name::text, ''))
                                                                                AND coalesce(full_name::text, '') ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN coalesce(full_name::text, '') || E'\x01'
                                                                                ELSE ''
                                                                            END
                                                                        ),
                                                                        NFD
                                                                    ) COLLATE "C",
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
                                                ),
                                                '(.)(.)',
                                                E'\\1\x02\\1\\2\x02\\2',
                                                'g'
                                            ),
                                            E'\x02'
                                        ),
                                        ''
                                    )
                                ) @@ $3::tsquery
                            ) OFFSET 0
                    ) AS users
                WHERE
                    (folded_text) LIKE $4
                    AND (folded_text) LIKE $5
                    AND NOT (
                        (folded_text) ~ ANY ($6)
                        AND (folded_text) ~ ANY ($7)
                    ) OFFSET 0
            ) AS found
        WHERE
            TRUE
        LIMIT
            $8
    ) AS counted;
