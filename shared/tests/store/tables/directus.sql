-- Directus: uuid made by the application, a status with many values, argon2.
CREATE TABLE directus_roles (id uuid NOT NULL PRIMARY KEY, name character varying(100) NOT NULL);
CREATE TABLE directus_users (
    id uuid NOT NULL PRIMARY KEY,
    first_name character varying(50),
    last_name character varying(50),
    email character varying(255) UNIQUE,
    password character varying(255),
    title character varying(50),
    tags json,
    language character varying(255) DEFAULT NULL,
    status character varying(16) DEFAULT 'active' NOT NULL,
    role uuid REFERENCES directus_roles (id) ON DELETE SET NULL,
    token character varying(255) UNIQUE,
    last_access timestamp with time zone,
    provider character varying(128) DEFAULT 'default' NOT NULL
);
INSERT INTO directus_users (id, first_name, last_name, email, password, status) VALUES
    ('0191a5c0-0000-7000-8000-0000000000b1', 'Ann', 'Able', 'a@x.example', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc', 'active'),
    ('0191a5c0-0000-7000-8000-0000000000b2', 'Bob', NULL, 'b@x.example', NULL, 'suspended'),
    ('0191a5c0-0000-7000-8000-0000000000b3', NULL, NULL, 'c@x.example', NULL, 'invited');
