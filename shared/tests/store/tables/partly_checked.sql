-- A rule of the table that no new user of rollcall could keep.
CREATE TABLE staff (
    id serial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    phone text,
    badge char(4) NOT NULL UNIQUE,
    CHECK (email LIKE '%@staff.example')
);
INSERT INTO staff (email, name, badge) VALUES ('a@staff.example', 'Ann', '0001');
