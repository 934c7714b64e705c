-- no-transaction
-- Finds one or two characters in fields that have others than those of Latin, Greek and Cyrillic texts. What may stand
-- beside two characters of a plain text is little enough to be looked up in ix_users_folded; beside two
-- Chinese ones may be thousands. The expressions are those of the query. An array_remove keeps characters that
-- separate pairs from making an insert fail.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_pairs
    ON users USING gin ((array_to_tsvector(
        array_remove(
            string_to_array(
                regexp_replace(translate(
                replace(
                    lower(
                        normalize(
                            regexp_replace(
                                normalize((CASE
            WHEN octet_length(username::text) <> char_length(username::text) AND username::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN username::text || E'\x01'
            ELSE ''
        END || CASE
            WHEN octet_length(email::text) <> char_length(email::text) AND email::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN email::text || E'\x01'
            ELSE ''
        END || CASE
            WHEN octet_length(coalesce(full_name::text, '')) <> char_length(coalesce(full_name::text, '')) AND coalesce(full_name::text, '') ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN coalesce(full_name::text, '') || E'\x01'
            ELSE ''
        END), NFD) COLLATE "C", '[\u0300-\u036f]+', '', 'g'
                            ),
                            NFC
                        ) COLLATE "und-x-icu"
                    ) COLLATE "C",
                    'ß',
                    'ss'
                ),
                'ıςłøđħ',
                'iσlodh'
            ), '(.)(.)', E'\\1\x02\\1\\2\x02\\2', 'g'),
                E'\x02'
            ),
            ''
        )
    )))
    WITH (gin_pending_list_limit = 16384)
    WHERE (CASE
            WHEN octet_length(username::text) <> char_length(username::text) AND username::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN username::text || E'\x01'
            ELSE ''
        END || CASE
            WHEN octet_length(email::text) <> char_length(email::text) AND email::text ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN email::text || E'\x01'
            ELSE ''
        END || CASE
            WHEN octet_length(coalesce(full_name::text, '')) <> char_length(coalesce(full_name::text, '')) AND coalesce(full_name::text, '') ~ '[^\u0001-\u007f\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f\u01a0-\u01a1\u01af-\u01b0\u0300-\u036f\u0386-\u0386\u0388-\u03ce\u0400-\u045f\u0490-\u0491\u1ea0-\u1ef9]' THEN coalesce(full_name::text, '') || E'\x01'
            ELSE ''
        END) <> '';
