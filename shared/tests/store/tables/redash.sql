-- Redash: an organization is required, groups are numbers in an array, disabled_at.
CREATE TABLE organizations (id serial PRIMARY KEY, name character varying(255) NOT NULL);
CREATE TABLE users (
    id serial PRIMARY KEY,
    org_id integer NOT NULL REFERENCES organizations (id),
    name character varying(320) NOT NULL,
    email character varying(255) NOT NULL,
    password_hash character varying(128),
    groups integer[],
    api_key character varying(40) NOT NULL UNIQUE,
    disabled_at timestamp with time zone,
    details json DEFAULT '{}',
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE UNIQUE INDEX users_org_id_email ON users (org_id, email);
INSERT INTO organizations (name) VALUES ('o');
INSERT INTO users (org_id, name, email, password_hash, api_key, disabled_at, created_at, updated_at) VALUES
    (1, 'Ann', 'a@x.example', '$6$rounds=656000$abcdefgh$0123456789012345678901234567890123456789', 'k1', NULL, now(), now()),
    (1, 'Bob', 'b@x.example', NULL, 'k2', now(), now(), now());
