-- no-transaction
-- The index of 0008 again, where it has been dropped.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_search
    ON users USING gin (
        (lower((username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu") COLLATE "C")
        gin_trgm_ops
    ) WITH (gin_pending_list_limit = 16384);
