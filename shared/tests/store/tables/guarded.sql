-- A tenant's people behind row level security, with triggers that set a time and refuse to take the owner's role away.
CREATE SCHEMA app;
CREATE TYPE app.member_role AS ENUM ('owner', 'admin', 'member');
CREATE TABLE app.members (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant uuid,
    email text NOT NULL,
    name text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 80),
    search text GENERATED ALWAYS AS (lower(name || ' ' || email)) STORED,
    role app.member_role NOT NULL DEFAULT 'member',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, email)
);
CREATE INDEX members_search ON app.members (search text_pattern_ops) INCLUDE (role) WHERE tenant IS NOT NULL;
CREATE TABLE app.notes (id bigint GENERATED ALWAYS AS IDENTITY, member_id uuid NOT NULL REFERENCES app.members ON DELETE RESTRICT);
CREATE FUNCTION app.guard_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.role = 'owner' AND NEW.role <> 'owner' THEN
        RAISE EXCEPTION 'the owner stays';
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER guard_members BEFORE UPDATE ON app.members FOR EACH ROW EXECUTE FUNCTION app.guard_members();
ALTER TABLE app.members ENABLE ROW LEVEL SECURITY;
CREATE POLICY members_of_tenant ON app.members USING (tenant::text = current_setting('app.tenant', TRUE));
CREATE VIEW app.owners AS SELECT id, email FROM app.members WHERE role = 'owner';
COMMENT ON COLUMN app.members.role IS 'owner, admin or member';
INSERT INTO app.members (email, name, role) VALUES
    ('ann@x.example', 'Ann', 'admin'), ('bob@x.example', 'Bob', 'owner'), ('cat@x.example', 'Cat', 'member');
INSERT INTO app.notes (member_id) SELECT id FROM app.members;
