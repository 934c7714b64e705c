-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS ux_users_email;
