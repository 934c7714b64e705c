-- Sylius: Doctrine, canonical copies, roles as JSON, a required locale code.
CREATE SEQUENCE sylius_admin_user_id_seq;
CREATE TABLE sylius_admin_user (
    id integer PRIMARY KEY,
    username character varying(255),
    username_canonical character varying(255),
    enabled boolean NOT NULL,
    password character varying(255),
    last_login timestamp(0) without time zone,
    password_reset_token character varying(255) UNIQUE,
    email_verification_token character varying(255) UNIQUE,
    locked boolean NOT NULL,
    expires_at timestamp(0) without time zone,
    roles json NOT NULL,
    email character varying(255),
    email_canonical character varying(255),
    created_at timestamp(0) without time zone NOT NULL,
    updated_at timestamp(0) without time zone,
    first_name character varying(255),
    last_name character varying(255),
    locale_code character varying(12) NOT NULL,
    encoder_name character varying(255)
);
INSERT INTO sylius_admin_user (id, username, username_canonical, enabled, password, locked, roles, email, email_canonical, created_at, locale_code, encoder_name) VALUES
    (nextval('sylius_admin_user_id_seq'), 'Ann', 'ann', TRUE, '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', FALSE, '["ROLE_ADMINISTRATION_ACCESS"]', 'Ann@x.example', 'ann@x.example', '2026-01-01', 'en_US', 'argon2i'),
    (nextval('sylius_admin_user_id_seq'), 'bob', 'bob', FALSE, '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', FALSE, '["ROLE_ADMINISTRATION_ACCESS"]', 'bob@x.example', 'bob@x.example', '2026-01-02', 'en_US', 'argon2i');
