-- The key is the name to log in with.
CREATE TABLE users (
    username varchar(50) PRIMARY KEY,
    email varchar(255) NOT NULL UNIQUE,
    password varchar(255) NOT NULL,
    full_name text,
    role text NOT NULL DEFAULT 'user',
    created_at timestamptz DEFAULT now()
);
INSERT INTO users (username, email, password, role) VALUES ('ann', 'a@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'admin'), ('bob', 'b@x.example', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'user');
