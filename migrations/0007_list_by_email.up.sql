-- no-transaction
-- Serves lists by email, as ix_users_created_at does by created_at. The server also computes the key
-- from the included email, without visiting the table.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_is_superuser
    ON users (is_active, is_superuser, (lower(email COLLATE "und-x-icu") COLLATE "C"), id)
    INCLUDE (username, email, full_name);
