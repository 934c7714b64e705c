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
            ) AS found
        WHERE
            TRUE
        LIMIT
            $3
    ) AS counted;
