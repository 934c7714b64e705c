-- A table of the nineties: prefixes, flags as letters, words for the status, no unique address.
CREATE SCHEMA legacy;
CREATE TABLE legacy.tbl_members (
    mem_id serial PRIMARY KEY,
    mem_login character varying(20) NOT NULL UNIQUE,
    mem_email character(60),
    mem_fname character varying(30) NOT NULL,
    mem_lname character varying(30) NOT NULL,
    mem_passwd character varying(40) NOT NULL,
    mem_active character(1) DEFAULT 'Y' NOT NULL CHECK (mem_active IN ('Y', 'N')),
    mem_admin character(1) DEFAULT 'N' NOT NULL CHECK (mem_admin IN ('Y', 'N')),
    mem_regdate date NOT NULL,
    mem_credits numeric(8, 2) NOT NULL
);
INSERT INTO legacy.tbl_members (mem_login, mem_email, mem_fname, mem_lname, mem_passwd, mem_active, mem_admin, mem_regdate, mem_credits) VALUES
    ('ann', 'a@x.example', 'Ann', 'Able', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'Y', 'Y', '2001-01-01', 0),
    ('bob', 'a@x.example', 'Bob', 'Best', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'N', 'N', '2002-01-01', 1.5);
