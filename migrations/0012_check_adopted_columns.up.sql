-- Reads an adopted table once, to make sure that no old row lacks what no new row may lack. Others
-- write meanwhile.
DO $$
DECLARE
    column_name text;
BEGIN
    FOR column_name IN
        SELECT name
        FROM users_before_rollcall
        WHERE kind = 'nullable column'
    LOOP
        EXECUTE format('ALTER TABLE users VALIDATE CONSTRAINT %I', 'rollcall_' || column_name);
    END LOOP;
END
$$;
