-- NocoDB: text ids of 20 characters, roles as text with commas, salted bcrypt beside a salt.
CREATE TABLE nc_users_v2 (
    id character varying(20) NOT NULL PRIMARY KEY,
    email character varying(255),
    password character varying(255),
    salt character varying(255),
    display_name character varying(255),
    roles character varying(255) DEFAULT 'editor',
    blocked boolean DEFAULT FALSE,
    is_deleted boolean,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO nc_users_v2 (id, email, password, salt, roles, blocked) VALUES
    ('us0123456789abcdef01', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'x', 'org-level-creator,super', FALSE),
    ('us0123456789abcdef02', 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'x', 'org-level-viewer', TRUE);
