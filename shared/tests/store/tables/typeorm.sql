-- TypeORM: "user", uuid by an extension's default, roles as an array.
CREATE TABLE "user" (
    id uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
    "fullName" character varying NOT NULL,
    email character varying NOT NULL CONSTRAINT "UQ_e12875dfb3b1d92d7d7c5377e22" UNIQUE,
    password character varying NOT NULL,
    roles text[] DEFAULT '{user}' NOT NULL,
    "isActive" boolean DEFAULT TRUE NOT NULL,
    "createdAt" timestamp without time zone DEFAULT now() NOT NULL,
    "updatedAt" timestamp without time zone DEFAULT now() NOT NULL
);
INSERT INTO "user" ("fullName", email, password, roles, "isActive") VALUES
    ('Ann Able', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '{user,admin}', TRUE), ('Bob Best', 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', '{user}', FALSE);
