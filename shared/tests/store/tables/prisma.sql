-- Prisma with an enum of roles, camel case, soft delete and a required updatedAt.
CREATE TYPE "Role" AS ENUM ('USER', 'EDITOR', 'ADMIN');
CREATE TABLE "User" (
    id text NOT NULL PRIMARY KEY,
    email text NOT NULL,
    "passwordHash" text NOT NULL,
    "firstName" text NOT NULL,
    "lastName" text NOT NULL,
    role "Role" DEFAULT 'USER' NOT NULL,
    "isActive" boolean DEFAULT TRUE NOT NULL,
    "createdAt" timestamp(3) without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3) without time zone NOT NULL,
    "deletedAt" timestamp(3) without time zone
);
CREATE UNIQUE INDEX "User_email_key" ON "User" (email);
INSERT INTO "User" (id, email, "passwordHash", "firstName", "lastName", role, "isActive", "updatedAt", "deletedAt") VALUES
    ('cuid1', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'Ann', 'Able', 'ADMIN', TRUE, '2026-01-01', NULL),
    ('cuid2', 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'Bob', 'Best', 'EDITOR', FALSE, '2026-01-01', NULL),
    ('cuid3', 'c@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'Cat', 'Gone', 'USER', TRUE, '2026-01-01', '2026-02-02');
