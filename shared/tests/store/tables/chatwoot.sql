-- Chatwoot: devise_token_auth, an id of the provider that is required and unique, timestamps of Rails.
CREATE TABLE users (
    id serial PRIMARY KEY,
    provider character varying NOT NULL DEFAULT 'email',
    uid character varying NOT NULL DEFAULT '',
    encrypted_password character varying NOT NULL DEFAULT '',
    reset_password_token character varying,
    reset_password_sent_at timestamp without time zone,
    sign_in_count integer NOT NULL DEFAULT 0,
    confirmation_token character varying,
    confirmed_at timestamp without time zone,
    unconfirmed_email character varying,
    name character varying NOT NULL,
    display_name character varying,
    email character varying,
    tokens json,
    created_at timestamp without time zone NOT NULL,
    updated_at timestamp without time zone NOT NULL,
    pubsub_token character varying,
    availability integer DEFAULT 0,
    ui_settings jsonb DEFAULT '{}',
    custom_attributes jsonb DEFAULT '{}',
    type character varying,
    message_signature text
);
CREATE INDEX index_users_on_email ON users (email);
CREATE UNIQUE INDEX index_users_on_pubsub_token ON users (pubsub_token);
CREATE UNIQUE INDEX index_users_on_uid_and_provider ON users (uid, provider);
INSERT INTO users (uid, encrypted_password, name, email, type, created_at, updated_at) VALUES
    ('ann@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'Ann', 'ann@x.example', 'SuperAdmin', '2026-01-01', '2026-01-01'),
    ('bob@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'Bob', 'bob@x.example', NULL, '2026-01-02', '2026-01-02');
