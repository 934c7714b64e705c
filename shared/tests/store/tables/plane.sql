-- Plane: Django with a uuid, a unique username of its own, a required token, and flags by the dozen.
CREATE TABLE users (
    password character varying(128) NOT NULL,
    last_login timestamptz,
    id uuid PRIMARY KEY,
    username character varying(128) NOT NULL UNIQUE,
    mobile_number character varying(255),
    email character varying(255) UNIQUE,
    first_name character varying(255) NOT NULL,
    last_name character varying(255) NOT NULL,
    display_name character varying(255) NOT NULL,
    avatar character varying(255) NOT NULL,
    date_joined timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    is_superuser boolean NOT NULL,
    is_managed boolean NOT NULL,
    is_active boolean NOT NULL,
    is_staff boolean NOT NULL,
    is_email_verified boolean NOT NULL,
    is_bot boolean NOT NULL,
    token character varying(64) NOT NULL,
    user_timezone character varying(255) NOT NULL,
    last_login_medium character varying(20) NOT NULL
);
INSERT INTO users VALUES
    ('pbkdf2_sha256$600000$abc$def', NULL, gen_random_uuid(), 'a1', NULL, 'ann@x.example', 'Ann', 'A', 'ann', '', '2026-01-01', '2026-01-01', '2026-01-01', TRUE, FALSE, TRUE, TRUE, TRUE, FALSE, 't1', 'UTC', 'email'),
    ('!', NULL, gen_random_uuid(), 'b1', NULL, 'bob@x.example', 'Bob', 'B', 'bob', '', '2026-01-02', '2026-01-02', '2026-01-02', FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 't2', 'UTC', 'email');
