-- Columns with collations of their own, of which one knows no patterns.
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = FALSE);
CREATE TABLE users (
    id serial PRIMARY KEY,
    email varchar(255) COLLATE "C" NOT NULL UNIQUE,
    username varchar(100) COLLATE blind UNIQUE,
    first_name text COLLATE "C",
    last_name text COLLATE "en-x-icu",
    created_at timestamptz DEFAULT now()
);
INSERT INTO users (email, username, first_name, last_name) VALUES
    ('é@x.example', 'Çelik', 'Çe', 'Lik'), ('b@x.example', NULL, NULL, 'B');
