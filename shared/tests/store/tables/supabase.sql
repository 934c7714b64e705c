-- Supabase's auth.users: a schema of its own, banned until a time, soft delete, generated column.
CREATE SCHEMA auth;
CREATE TABLE auth.users (
    instance_id uuid,
    id uuid NOT NULL PRIMARY KEY,
    aud character varying(255),
    role character varying(255),
    email character varying(255),
    encrypted_password character varying(255),
    email_confirmed_at timestamp with time zone,
    invited_at timestamp with time zone,
    confirmation_token character varying(255),
    last_sign_in_at timestamp with time zone,
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    is_super_admin boolean,
    created_at timestamp with time zone,
    updated_at timestamp with time zone,
    phone text DEFAULT NULL::character varying UNIQUE,
    phone_confirmed_at timestamp with time zone,
    confirmed_at timestamp with time zone GENERATED ALWAYS AS (LEAST(email_confirmed_at, phone_confirmed_at)) STORED,
    email_change_confirm_status smallint DEFAULT 0 CHECK (email_change_confirm_status >= 0 AND email_change_confirm_status <= 2),
    banned_until timestamp with time zone,
    is_sso_user boolean DEFAULT FALSE NOT NULL,
    deleted_at timestamp with time zone,
    is_anonymous boolean DEFAULT FALSE NOT NULL
);
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = FALSE;
CREATE TABLE public.profiles (id uuid PRIMARY KEY REFERENCES auth.users (id), username text UNIQUE, full_name text, avatar_url text);
INSERT INTO auth.users (id, email, encrypted_password, is_super_admin, created_at, banned_until, deleted_at) VALUES
    ('0191a5c0-0000-7000-8000-0000000000b1', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', TRUE, '2026-01-01Z', NULL, NULL),
    ('0191a5c0-0000-7000-8000-0000000000b2', 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', NULL, '2026-01-02Z', '2126-01-01Z', NULL),
    ('0191a5c0-0000-7000-8000-0000000000b3', 'c@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', NULL, '2026-01-03Z', NULL, now());
