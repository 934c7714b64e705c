-- Medusa: text ids, an enum of roles, an index of those who are not deleted; customers beside users.
CREATE TYPE user_role_enum AS ENUM ('admin','member','developer');
CREATE TABLE "user" (id varchar not null primary key, email varchar not null, first_name varchar, last_name varchar, password_hash varchar, api_token varchar, created_at timestamptz default now() not null, updated_at timestamptz default now() not null, deleted_at timestamptz, metadata jsonb, role user_role_enum default 'member');
CREATE UNIQUE INDEX idx_user_email ON "user" (email) WHERE deleted_at IS NULL;
CREATE TABLE customer (id varchar primary key, email varchar not null unique, first_name varchar, last_name varchar, password_hash varchar, has_account boolean default false not null, created_at timestamptz default now() not null);
INSERT INTO "user" (id,email,role) VALUES ('usr_1','a@x.example','admin'),('usr_2','b@x.example',null);
