-- no-transaction
-- Serves search of three and more characters in all three fields at once; the expression is the one
-- that the query uses.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_search
    ON users USING gin (
        (lower((username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu") COLLATE "C")
        gin_trgm_ops
    );
