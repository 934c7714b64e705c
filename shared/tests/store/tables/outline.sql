-- Outline: Sequelize with a role enum, teams, and times for suspended and deleted.
CREATE TYPE enum_users_role AS ENUM ('admin', 'member', 'viewer', 'guest');
CREATE TABLE teams (id uuid PRIMARY KEY);
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email character varying(255),
    name character varying(255) NOT NULL,
    "createdAt" timestamptz NOT NULL,
    "updatedAt" timestamptz NOT NULL,
    "deletedAt" timestamptz,
    "lastActiveAt" timestamptz,
    "suspendedAt" timestamptz,
    "suspendedById" uuid,
    "jwtSecret" bytea,
    "avatarUrl" character varying(4096),
    language character varying(255) DEFAULT 'en_US',
    role enum_users_role NOT NULL,
    "teamId" uuid REFERENCES teams,
    timezone character varying
);
CREATE UNIQUE INDEX users_email_team_id ON users ("teamId", email);
INSERT INTO users (id, email, name, "createdAt", "updatedAt", "deletedAt", "suspendedAt", role) VALUES
    ('6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0001', 'ann@x.example', 'Ann', '2026-01-01', '2026-01-01', NULL, NULL, 'admin'),
    ('6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0002', 'bob@x.example', 'Bob', '2026-01-02', '2026-01-02', NULL, '2026-02-01', 'member'),
    ('6f1c2c1e-8f0d-4a55-9d0e-3a3f9b1a0003', 'old@x.example', 'Old', '2026-01-03', '2026-01-03', '2026-02-01', NULL, 'member');
