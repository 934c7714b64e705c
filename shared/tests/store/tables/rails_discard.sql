-- Rails with the gem discard: an index on the address in small letters, a flag beside a role that is a number.
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    email varchar DEFAULT '' NOT NULL,
    encrypted_password varchar DEFAULT '' NOT NULL,
    username varchar,
    name varchar,
    role integer DEFAULT 0 NOT NULL,
    discarded_at timestamp(6),
    suspended_at timestamp,
    admin boolean DEFAULT FALSE NOT NULL,
    created_at timestamp(6) NOT NULL,
    updated_at timestamp(6) NOT NULL
);
CREATE UNIQUE INDEX index_users_on_email ON users (lower(email));
INSERT INTO users (email, encrypted_password, username, role, discarded_at, suspended_at, admin, created_at, updated_at) VALUES
    ('a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'a', 1, NULL, NULL, TRUE, '2026-01-01', '2026-01-01'), ('b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'b', 0, NULL, '2026-02-01', FALSE, '2026-01-02', '2026-01-02'),
    ('c@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', NULL, 0, NULL, NULL, FALSE, '2026-01-03', '2026-01-03'), ('d@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'd', 0, '2026-02-02', NULL, FALSE, '2026-01-04', '2026-01-04');
