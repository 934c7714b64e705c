-- Payload: hash and salt in two columns, a lock that ends.
CREATE TABLE users (
    id serial PRIMARY KEY,
    name character varying,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    email character varying NOT NULL,
    reset_password_token character varying,
    salt character varying,
    hash character varying,
    login_attempts numeric DEFAULT 0,
    lock_until timestamp(3) with time zone
);
CREATE UNIQUE INDEX users_email_idx ON users (email);
INSERT INTO users (name, email, salt, hash) VALUES ('Ann', 'a@x.example', 'aa', 'bb'), (NULL, 'b@x.example', 'aa', 'bb');
