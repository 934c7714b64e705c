-- accounts.people: flags as numbers, milliseconds, a domain for the address, deleted as a number.
CREATE SCHEMA accounts;
CREATE DOMAIN accounts.email_address AS character varying(200) CHECK (VALUE LIKE '%@%');
CREATE TABLE accounts.people (
    person_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email accounts.email_address NOT NULL UNIQUE,
    display_name text NOT NULL CHECK (display_name <> ''),
    enabled smallint DEFAULT 1 NOT NULL,
    is_admin integer,
    deleted integer DEFAULT 0 NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint,
    level integer NOT NULL CHECK (level BETWEEN 0 AND 9)
);
INSERT INTO accounts.people (email, display_name, enabled, is_admin, deleted, created_at, level) VALUES
    ('a@x.example', 'Ann', 1, 1, 0, 1767225600123, 1), ('b@x.example', 'Bob', 0, NULL, 0, 1767225600456, 2),
    ('c@x.example', 'Cat', 1, 0, 1, 1767225600789, 3);
