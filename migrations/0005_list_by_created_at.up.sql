-- no-transaction
-- Serves lists by created_at: with both flags first, every combination of filters is one ordered
-- range of this index, or a merge of two or four. The included columns are what a search looks
-- into: it reads them from neighbouring pages here, not from a page of the table for each user.
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_created_at
    ON users (is_active, is_superuser, created_at, id)
    INCLUDE (username, email, full_name);
