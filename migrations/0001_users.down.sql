-- Only a table that `up` created is dropped; an adopted one belongs to somebody else.
DO $$
BEGIN
    IF obj_description(to_regclass('users'), 'pg_class') = 'created by rollcall' THEN
        DROP TABLE users;
    END IF;
END
$$;
