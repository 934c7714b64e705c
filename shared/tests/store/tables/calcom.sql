-- Cal.com: Prisma, a table with another name than the model, passwords in a table of their own.
CREATE TYPE "UserPermissionRole" AS ENUM ('USER', 'ADMIN');
CREATE TABLE users (
    id serial PRIMARY KEY,
    username text,
    name text,
    email text NOT NULL,
    "emailVerified" timestamp(3),
    bio text,
    "avatarUrl" text,
    "timeZone" text NOT NULL DEFAULT 'Europe/London',
    "weekStart" text NOT NULL DEFAULT 'Sunday',
    created timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "twoFactorSecret" text,
    "twoFactorEnabled" boolean NOT NULL DEFAULT FALSE,
    locale text,
    role "UserPermissionRole" NOT NULL DEFAULT 'USER',
    locked boolean NOT NULL DEFAULT FALSE,
    metadata jsonb
);
CREATE UNIQUE INDEX "users_email_key" ON users (email);
CREATE UNIQUE INDEX "users_username_key" ON users (username);
CREATE TABLE "UserPassword" (hash text NOT NULL, "userId" integer NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE);
INSERT INTO users (username, name, email, role, locked) VALUES ('ann', 'Ann', 'ann@x.example', 'ADMIN', FALSE), (NULL, NULL, 'bob@x.example', 'USER', TRUE);
