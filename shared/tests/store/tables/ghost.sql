-- Ghost, moved to PostgreSQL: ids of 24 characters without a default, a required slug, a status in words.
CREATE TABLE users (
    id character varying(24) PRIMARY KEY,
    name character varying(191) NOT NULL,
    slug character varying(191) NOT NULL UNIQUE,
    password character varying(60) NOT NULL,
    email character varying(191) NOT NULL UNIQUE,
    profile_image character varying(2000),
    bio text,
    website character varying(2000),
    status character varying(50) NOT NULL DEFAULT 'active',
    locale character varying(6),
    visibility character varying(50) NOT NULL DEFAULT 'public',
    last_seen timestamp without time zone,
    created_at timestamp without time zone NOT NULL,
    created_by character varying(24) NOT NULL,
    updated_at timestamp without time zone
);
INSERT INTO users (id, name, slug, password, email, status, created_at, created_by) VALUES
    ('5951f5fca366002ebd5dbef7', 'Ann', 'ann', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'ann@x.example', 'active', '2026-01-01', '1'),
    ('5951f5fca366002ebd5dbef8', 'Bob', 'bob', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'bob@x.example', 'inactive', '2026-01-02', '1'),
    ('5951f5fca366002ebd5dbef9', 'Cat', 'cat', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'cat@x.example', 'locked', '2026-01-03', '1');
