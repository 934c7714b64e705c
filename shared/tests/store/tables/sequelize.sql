-- Sequelize: "Users" with createdAt and updatedAt, an enum of status, unverified by default.
CREATE TYPE "enum_Users_status" AS ENUM ('pending', 'active', 'suspended');
CREATE TABLE "Users" (
    id serial PRIMARY KEY,
    "userName" character varying(255) NOT NULL UNIQUE,
    email character varying(255) NOT NULL UNIQUE,
    password character varying(255) NOT NULL,
    status "enum_Users_status" DEFAULT 'pending' NOT NULL,
    "isAdmin" boolean DEFAULT FALSE,
    "createdAt" timestamp with time zone NOT NULL,
    "updatedAt" timestamp with time zone NOT NULL
);
INSERT INTO "Users" ("userName", email, password, status, "isAdmin", "createdAt", "updatedAt") VALUES
    ('ann', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'active', TRUE, now(), now()), ('bob', 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'pending', NULL, now(), now());
