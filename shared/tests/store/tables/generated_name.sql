-- A generated full name over two columns, and a soft delete with a partial unique index.
CREATE TABLE customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_name text,
    last_name text,
    full_name text GENERATED ALWAYS AS (coalesce(first_name, '') || ' ' || coalesce(last_name, '')) STORED,
    email text NOT NULL,
    password_hash text,
    is_deleted boolean,
    created timestamptz DEFAULT now()
);
CREATE UNIQUE INDEX customers_email ON customers (email) WHERE is_deleted IS NOT TRUE;
CREATE TABLE orders (id serial PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers (id), email text, total numeric);
INSERT INTO customers (first_name, last_name, email, is_deleted) VALUES
    ('Ann', 'Able', 'a@x.example', FALSE), ('Old', 'Ann', 'a@x.example', TRUE), ('Bob', NULL, 'b@x.example', NULL);
