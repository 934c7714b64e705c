-- Profiles beside Supabase's own users: the key is theirs, the words of a status and a role are Portuguese.
CREATE SCHEMA auth;
CREATE TABLE auth.users (id uuid PRIMARY KEY);
CREATE TABLE profiles (
    id uuid PRIMARY KEY REFERENCES auth.users ON DELETE CASCADE,
    full_name text,
    email text,
    phone text,
    role text NOT NULL DEFAULT 'cliente' CHECK (role IN ('cliente', 'admin')),
    status text NOT NULL DEFAULT 'ativo' CHECK (status IN ('ativo', 'suspenso')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON profiles USING (TRUE);
INSERT INTO auth.users VALUES ('00000000-0000-4000-8000-000000000001'), ('00000000-0000-4000-8000-000000000002'), ('00000000-0000-4000-8000-000000000003');
INSERT INTO profiles (id, full_name, email, role, status) VALUES
    ('00000000-0000-4000-8000-000000000001', 'Ana', 'ana@x.example', 'admin', 'ativo'),
    ('00000000-0000-4000-8000-000000000002', 'Rui', 'rui@x.example', 'cliente', 'suspenso'),
    ('00000000-0000-4000-8000-000000000003', NULL, NULL, 'cliente', 'ativo');
