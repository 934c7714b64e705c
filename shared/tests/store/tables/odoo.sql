-- Odoo: the login is the address, and a partner and a company are required.
CREATE TABLE res_company (id serial PRIMARY KEY, name character varying NOT NULL);
CREATE TABLE res_partner (id serial PRIMARY KEY, name character varying, email character varying, active boolean);
CREATE TABLE res_users (
    id serial PRIMARY KEY,
    company_id integer NOT NULL REFERENCES res_company (id) ON DELETE RESTRICT,
    partner_id integer NOT NULL REFERENCES res_partner (id) ON DELETE RESTRICT,
    active boolean DEFAULT TRUE,
    create_date timestamp without time zone,
    login character varying NOT NULL UNIQUE,
    password character varying,
    share boolean,
    write_date timestamp without time zone,
    notification_type character varying NOT NULL
);
INSERT INTO res_company (name) VALUES ('c');
INSERT INTO res_partner (name, email) VALUES ('Ann', 'a@x.example'), ('Bob', 'b@x.example');
INSERT INTO res_users (company_id, partner_id, active, create_date, login, password, notification_type) VALUES
    (1, 1, TRUE, '2026-01-01', 'a@x.example', '$pbkdf2-sha512$25000$MDEyMzQ1Njc4OWFiY2RlZg$NAtVcXr7DbXedVbBm.JvbbmENXwAmeETSMIk.8rC9F5GBbGumPcNIpwLppBM7vaXnbPUqZhH3UgUjzNRgCPZMg', 'email'),
    (1, 2, FALSE, '2026-01-02', 'b@x.example', NULL, 'email');
