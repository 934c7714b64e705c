-- A role and a status as text with CHECK lists; the superadmin stands above the admin.
CREATE TABLE app_user (
    user_id uuid PRIMARY KEY,
    user_email character varying(320) NOT NULL,
    display_name character varying(80),
    password_digest character varying NOT NULL,
    user_role character varying(16) NOT NULL CHECK (user_role IN ('superadmin', 'admin', 'member')),
    account_status character varying(16) NOT NULL CHECK (account_status IN ('ACTIVE', 'BLOCKED', 'PENDING')),
    tenant_kind character varying(8) NOT NULL CHECK (tenant_kind IN ('free', 'paid')),
    created_on date NOT NULL
);
CREATE UNIQUE INDEX app_user_email_lower ON app_user (lower(user_email));
INSERT INTO app_user VALUES
    ('0191a5c0-0000-7000-8000-0000000000b1', 'a@x.example', 'Ann', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'superadmin', 'ACTIVE', 'free', '2026-01-01'),
    ('0191a5c0-0000-7000-8000-0000000000b2', 'b@x.example', NULL, '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'admin', 'BLOCKED', 'paid', '2026-01-02'),
    ('0191a5c0-0000-7000-8000-0000000000b3', 'c@x.example', NULL, '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'member', 'PENDING', 'paid', '2026-01-02');
