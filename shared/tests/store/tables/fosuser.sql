-- FOSUserBundle: canonical copies, a salt that may be missing is still one, roles as text.
CREATE TABLE fos_user (
    id serial PRIMARY KEY,
    username character varying(180) NOT NULL,
    username_canonical character varying(180) NOT NULL UNIQUE,
    email character varying(180) NOT NULL,
    email_canonical character varying(180) NOT NULL UNIQUE,
    enabled boolean NOT NULL,
    password character varying(255) NOT NULL,
    last_login timestamp(0) without time zone,
    roles text NOT NULL
);
INSERT INTO fos_user (username, username_canonical, email, email_canonical, enabled, password, roles) VALUES
    ('Ann', 'ann', 'A@x.example', 'a@x.example', TRUE, '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'a:1:{i:0;s:10:"ROLE_ADMIN";}'),
    ('Bob', 'bob', 'B@x.example', 'b@x.example', FALSE, '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'a:0:{}');
