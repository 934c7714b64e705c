-- With a valid constraint that says the same, SET NOT NULL takes a moment and reads no row.
SET LOCAL lock_timeout = '1s';

DO $$
DECLARE
    column_name text;
BEGIN
    FOR column_name IN
        SELECT name
        FROM users_before_rollcall
        WHERE kind = 'nullable column'
    LOOP
        EXECUTE format('ALTER TABLE users ALTER COLUMN %I SET NOT NULL', column_name);
        EXECUTE format('ALTER TABLE users DROP CONSTRAINT %I', 'rollcall_' || column_name);
    END LOOP;
END
$$;
