-- no-transaction
-- Finds words in all three fields at once, whatever their case and accents. The expression is the one that
-- the query uses. It is no function: whoever writes to the table would need the right to execute it. An
-- attacker's function cannot take the place of one of these, because all arguments are of type text.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_folded
    ON users USING gin ((
        CASE
            WHEN octet_length(username::text) = char_length(username::text) THEN lower(username::text COLLATE "C")
            ELSE translate(
                replace(
                    lower(
                        normalize(
                            regexp_replace(normalize(username::text, NFD) COLLATE "C", '[\u0300-\u036f]+', '', 'g'),
                            NFC
                        ) COLLATE "und-x-icu"
                    ) COLLATE "C",
                    'ß',
                    'ss'
                ),
                'ıςłøđħ',
                'iσlodh'
            )
        END || E'\x01' ||
        CASE
            WHEN octet_length(email::text) = char_length(email::text) THEN lower(email::text COLLATE "C")
            ELSE translate(
                replace(
                    lower(
                        normalize(
                            regexp_replace(normalize(email::text, NFD) COLLATE "C", '[\u0300-\u036f]+', '', 'g'),
                            NFC
                        ) COLLATE "und-x-icu"
                    ) COLLATE "C",
                    'ß',
                    'ss'
                ),
                'ıςłøđħ',
                'iσlodh'
            )
        END || E'\x01' ||
        CASE
            WHEN octet_length(coalesce(full_name::text, '')) = char_length(coalesce(full_name::text, '')) THEN lower(coalesce(full_name::text, '') COLLATE "C")
            ELSE translate(
                replace(
                    lower(
                        normalize(
                            regexp_replace(normalize(coalesce(full_name::text, ''), NFD) COLLATE "C", '[\u0300-\u036f]+', '', 'g'),
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
    ) gin_trgm_ops) WITH (gin_pending_list_limit = 16384);
