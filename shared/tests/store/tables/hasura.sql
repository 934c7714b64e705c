-- Hasura's auth: a domain over citext, a role in another table, disabled.
CREATE SCHEMA auth; CREATE EXTENSION citext;
CREATE DOMAIN auth.email AS citext CHECK (VALUE ~ '^\S+@\S+$');
CREATE TABLE auth.roles (role text primary key); INSERT INTO auth.roles VALUES ('user'),('me'),('admin');
CREATE TABLE auth.users (id uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY, created_at timestamptz DEFAULT now() NOT NULL, updated_at timestamptz DEFAULT now() NOT NULL, last_seen timestamptz, disabled boolean DEFAULT false NOT NULL, display_name text DEFAULT ''::text NOT NULL, avatar_url text DEFAULT '' NOT NULL, locale varchar(2) NOT NULL, email auth.email UNIQUE, phone_number text UNIQUE, password_hash text, email_verified boolean DEFAULT false NOT NULL, new_email auth.email, default_role text DEFAULT 'user' NOT NULL REFERENCES auth.roles, is_anonymous boolean DEFAULT false NOT NULL, metadata jsonb, CONSTRAINT active_mfa_types_check CHECK (locale <> 'zz'));
CREATE TABLE auth.refresh_tokens (id uuid primary key, user_id uuid NOT NULL REFERENCES auth.users, created_at timestamptz);
INSERT INTO auth.users (email, locale, display_name, disabled) VALUES ('a@x.example','en','A',false),('b@x.example','en','B',true);
