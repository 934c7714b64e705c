-- Phoenix: citext, hashed_password, inserted_at; times in seconds without zone.
CREATE EXTENSION citext;
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email citext NOT NULL,
    hashed_password character varying(255) NOT NULL,
    confirmed_at timestamp(0) without time zone,
    inserted_at timestamp(0) without time zone NOT NULL,
    updated_at timestamp(0) without time zone NOT NULL
);
CREATE UNIQUE INDEX users_email_index ON users (email);
CREATE TABLE users_tokens (id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE, token bytea NOT NULL, context character varying(255) NOT NULL);
INSERT INTO users (email, hashed_password, inserted_at, updated_at) VALUES
    ('Ann@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '2026-01-01', '2026-01-01'), ('b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '2026-01-02', '2026-01-02');
