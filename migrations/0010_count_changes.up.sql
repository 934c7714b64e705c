-- From here on every change is counted. CREATE TRIGGER waits for the writers in flight and holds up
-- new ones meanwhile, so it gives up soon, and the migrator tries again.
SET LOCAL lock_timeout = '1s';
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;
CREATE TRIGGER count_inserted_users
AFTER INSERT ON users
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION count_inserted_users();
CREATE TRIGGER count_updated_users
AFTER UPDATE ON users
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION count_updated_users();
CREATE TRIGGER count_deleted_users
AFTER DELETE ON users
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION count_deleted_users();
CREATE TRIGGER count_truncated_users
AFTER TRUNCATE ON users
FOR EACH STATEMENT EXECUTE FUNCTION count_truncated_users();
