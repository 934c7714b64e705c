-- Documenso: roles as an array of an enum, and a customer of a payment service.
CREATE TYPE "Role" AS ENUM ('ADMIN', 'USER');
CREATE TABLE "User" (
    id serial PRIMARY KEY,
    name text,
    email text NOT NULL UNIQUE,
    password text,
    "emailVerified" timestamp(3),
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    roles "Role"[] DEFAULT ARRAY['USER']::"Role"[],
    disabled boolean NOT NULL DEFAULT FALSE,
    "customerId" text UNIQUE
);
INSERT INTO "User" (name, email, password, roles, disabled) VALUES
    ('A', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', ARRAY['ADMIN', 'USER']::"Role"[], FALSE), (NULL, 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', ARRAY['USER']::"Role"[], TRUE),
    ('C', 'c@x.example', NULL, NULL, FALSE);
