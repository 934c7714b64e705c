-- Mastodon: disabled, approved; a reference that may be missing.
CREATE TABLE accounts (id bigserial PRIMARY KEY, username character varying DEFAULT '' NOT NULL, display_name character varying DEFAULT '' NOT NULL, suspended_at timestamp without time zone);
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email character varying DEFAULT '' NOT NULL,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    encrypted_password character varying DEFAULT '' NOT NULL,
    sign_in_count integer DEFAULT 0 NOT NULL,
    confirmed_at timestamp without time zone,
    locale character varying,
    account_id bigint REFERENCES accounts (id) ON DELETE CASCADE,
    disabled boolean DEFAULT FALSE NOT NULL,
    approved boolean DEFAULT TRUE NOT NULL,
    role_id bigint
);
CREATE UNIQUE INDEX index_users_on_email ON users (email);
INSERT INTO users (email, created_at, updated_at, encrypted_password, disabled) VALUES
    ('a@x.example', '2026-01-01', '2026-01-01', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', FALSE), ('b@x.example', '2026-01-01', '2026-01-01', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', TRUE);
