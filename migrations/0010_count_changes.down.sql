SET LOCAL lock_timeout = '1s';
DROP TRIGGER count_truncated_users ON users;
DROP TRIGGER count_deleted_users ON users;
DROP TRIGGER count_updated_users ON users;
DROP TRIGGER count_inserted_users ON users;
