-- n8n: "user", a role with a prefix, disabled, camel case.
CREATE TABLE "user" (
    id uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
    email character varying(255) UNIQUE,
    "firstName" character varying(32),
    "lastName" character varying(32),
    password character varying(255),
    "personalizationAnswers" json,
    "createdAt" timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    "updatedAt" timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
    settings json,
    disabled boolean DEFAULT FALSE NOT NULL,
    "mfaEnabled" boolean DEFAULT FALSE NOT NULL,
    role text DEFAULT 'global:member' NOT NULL
);
INSERT INTO "user" (email, "firstName", "lastName", password, disabled, role) VALUES
    ('a@x.example', 'Ann', 'Able', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', FALSE, 'global:owner'), ('b@x.example', NULL, NULL, NULL, TRUE, 'global:member');
