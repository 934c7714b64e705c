-- Discourse: username_lower is a required copy, addresses are elsewhere.
CREATE TABLE users (
    id serial PRIMARY KEY,
    username character varying(60) NOT NULL UNIQUE,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    name character varying,
    last_posted_at timestamp without time zone,
    active boolean DEFAULT FALSE NOT NULL,
    username_lower character varying(60) NOT NULL UNIQUE,
    admin boolean DEFAULT FALSE NOT NULL,
    moderator boolean DEFAULT FALSE,
    trust_level integer NOT NULL,
    approved boolean DEFAULT FALSE NOT NULL,
    suspended_at timestamp without time zone,
    suspended_till timestamp without time zone,
    ip_address inet
);
CREATE TABLE user_emails (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id), email character varying(513) NOT NULL);
INSERT INTO users (username, created_at, updated_at, name, active, username_lower, admin, trust_level, suspended_at) VALUES
    ('Ann', '2026-01-01', '2026-01-01', 'Ann Able', TRUE, 'ann', TRUE, 1, NULL),
    ('Bob', '2026-01-02', '2026-01-02', NULL, TRUE, 'bob', FALSE, 0, '2026-02-01');
