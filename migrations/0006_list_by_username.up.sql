-- no-transaction
-- Serves lists by username, as ix_users_created_at does by created_at. The server also computes the
-- key from the included username, without visiting the table.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_is_active
    ON users (is_active, is_superuser, (lower(username COLLATE "und-x-icu") COLLATE "C"), id)
    INCLUDE (username, email, full_name);
