-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS ix_users_uncommon;
