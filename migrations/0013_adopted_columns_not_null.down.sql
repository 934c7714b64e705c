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
        EXECUTE format('ALTER TABLE users ALTER COLUMN %I DROP NOT NULL', column_name);
    END LOOP;
END
$$;
