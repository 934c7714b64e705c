-- WordPress on PostgreSQL: columns with a prefix, times without zone, a status that nobody uses.
CREATE SEQUENCE wp_users_seq;
CREATE TABLE wp_users (
    "ID" bigint DEFAULT nextval('wp_users_seq') NOT NULL PRIMARY KEY,
    user_login character varying(60) DEFAULT '' NOT NULL,
    user_pass character varying(255) DEFAULT '' NOT NULL,
    user_nicename character varying(50) DEFAULT '' NOT NULL,
    user_email character varying(100) DEFAULT '' NOT NULL,
    user_url character varying(100) DEFAULT '' NOT NULL,
    user_registered timestamp without time zone DEFAULT now() NOT NULL,
    user_activation_key character varying(255) DEFAULT '' NOT NULL,
    user_status integer DEFAULT 0 NOT NULL,
    display_name character varying(250) DEFAULT '' NOT NULL
);
CREATE INDEX wp_users_user_login_key ON wp_users (user_login);
CREATE TABLE wp_usermeta (umeta_id bigint PRIMARY KEY, user_id bigint DEFAULT 0 NOT NULL, meta_key character varying(255), meta_value text);
INSERT INTO wp_users (user_login, user_pass, user_email, display_name) VALUES
    ('admin', '$P$BDzk2bD7gkgkA1zTqUw5y2v7mXr5Yx1', 'admin@x.example', 'The Admin'),
    ('writer', '$wp$2y$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'writer@x.example', 'A Writer');
