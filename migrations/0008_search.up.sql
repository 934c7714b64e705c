-- no-transaction
-- Finds rare terms of three and more characters in all three fields at once; the expression is the one
-- that the query uses. New entries are kept in a list, which a writer who finds 16 MB in it sorts into
-- the index. That is some 20,000 users; a longer list would cost every search more, a shorter one
-- every writer.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_search
    ON users USING gin (
        (lower((username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu") COLLATE "C")
        gin_trgm_ops
    ) WITH (gin_pending_list_limit = 16384);
