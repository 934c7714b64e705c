-- A flag and a lock and a ban: all of them say who is active.
CREATE TABLE auth_users (
    id serial PRIMARY KEY,
    email varchar(255) NOT NULL UNIQUE,
    name varchar(255),
    hashed_password varchar(255) NOT NULL,
    is_active boolean NOT NULL DEFAULT TRUE,
    banned boolean,
    suspended_at timestamptz,
    is_superuser boolean NOT NULL DEFAULT FALSE,
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO auth_users (email, hashed_password, is_active, banned, suspended_at, is_superuser) VALUES
    ('a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', TRUE, NULL, NULL, TRUE), ('b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', FALSE, FALSE, NULL, FALSE),
    ('c@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', TRUE, TRUE, NULL, FALSE), ('d@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', TRUE, FALSE, now(), FALSE);
