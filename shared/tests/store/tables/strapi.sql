-- Strapi: end users with blocked, and administrators in a second table.
CREATE TABLE up_users (
    id serial PRIMARY KEY,
    document_id character varying(255),
    username character varying(255),
    email character varying(255),
    provider character varying(255),
    password character varying(255),
    reset_password_token character varying(255),
    confirmation_token character varying(255),
    confirmed boolean,
    blocked boolean,
    created_at timestamp(6) without time zone,
    updated_at timestamp(6) without time zone,
    created_by_id integer
);
CREATE TABLE admin_users (
    id serial PRIMARY KEY, firstname character varying(255), lastname character varying(255), username character varying(255),
    email character varying(255), password character varying(255), is_active boolean, blocked boolean
);
CREATE TABLE up_users_role_lnk (id serial PRIMARY KEY, user_id integer REFERENCES up_users (id), role_id integer);
INSERT INTO up_users (username, email, password, confirmed, blocked, created_at) VALUES
    ('ann', 'a@x.example', '$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', TRUE, FALSE, '2026-01-01'),
    ('bob', 'b@x.example', '$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', TRUE, TRUE, '2026-01-02'),
    ('cat', 'c@x.example', NULL, FALSE, NULL, NULL);
