-- 0001 for the table of another application: a view with the columns of rollcall's own table. All queries
-- read it. The columns raw_... are those of the table that rollcall writes.
CREATE TABLE users_before_rollcall (
    kind text NOT NULL,
    name text NOT NULL,
    definition text,
    PRIMARY KEY (kind, name)
);

INSERT INTO users_before_rollcall (kind, name, definition)
VALUES ('mapping', 'users', {mapping});

CREATE DOMAIN user_id AS {id_type};

