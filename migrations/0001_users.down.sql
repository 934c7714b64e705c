-- Only a table that `up` created is dropped; an adopted one gets back what it had. The migrator has
-- built the indexes again that it had dropped.
SET LOCAL lock_timeout = '1s';

DO $$
DECLARE
    index record;
    column_name text;
BEGIN
    IF obj_description(to_regclass('users'), 'pg_class') = 'created by rollcall' THEN
        DROP TABLE users;
        RETURN;
    END IF;

    FOR index IN
        SELECT
            relnamespace::regnamespace AS schema,
            relname AS name,
            before.name AS old_name
        FROM users_before_rollcall AS before
        JOIN pg_class ON relname = before.name || '_before_rollcall'
        JOIN pg_index ON indexrelid = pg_class.oid
        WHERE kind = 'index'
            AND indrelid = to_regclass('users')
    LOOP
        EXECUTE format('ALTER INDEX %s.%I RENAME TO %I', index.schema, index.name, index.old_name);
    END LOOP;

    FOR column_name IN
        SELECT name
        FROM users_before_rollcall
        WHERE kind = 'nullable column'
    LOOP
        EXECUTE format('ALTER TABLE users DROP CONSTRAINT IF EXISTS %I', 'rollcall_' || column_name);
    END LOOP;
END
$$;

DROP TABLE users_before_rollcall;
