-- no-transaction
-- Finds users by one character that few have: punctuation and q, which are in no trigram or in too many. The expressions
-- are those of the query.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_uncommon
    ON users USING gin ((string_to_array(
        regexp_replace(
            (username::text || email::text || coalesce(full_name::text, '')) COLLATE "C",
            '[^\u0021-\u002d\u002f-\u002f\u003a-\u003f\u0051-\u0051\u005b-\u0060\u0071-\u0071\u007b-\u007e\u037e-\u037e\u1fef-\u1fef\u2260-\u2260\u226e-\u226f]+',
            '',
            'g'
        ),
        NULL
    )))
    WITH (gin_pending_list_limit = 16384)
    WHERE (
        (username::text || email::text || coalesce(full_name::text, '')) COLLATE "C"
            ~ '[\u0021-\u002d\u002f-\u002f\u003a-\u003f\u0051-\u0051\u005b-\u0060\u0071-\u0071\u007b-\u007e\u037e-\u037e\u1fef-\u1fef\u2260-\u2260\u226e-\u226f]'
    )::integer <> 0;
