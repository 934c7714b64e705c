-- no-transaction
-- Addresses that differ in case alone are one address. ICU folds the same way in every database;
-- the C collation compares bytes, which no upgrade of a locale library can reorder.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ux_users_email
    ON users ((lower(email COLLATE "und-x-icu") COLLATE "C"));
