-- no-transaction
-- Usernames that differ in case alone are one username.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ux_users_username
    ON users ((lower(username COLLATE "und-x-icu") COLLATE "C"));
