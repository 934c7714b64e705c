-- JHipster: jhi_user, ids from a shared sequence, authorities in another table.
CREATE SEQUENCE sequence_generator START WITH 1050 INCREMENT BY 50;
CREATE TABLE jhi_user (
    id bigint NOT NULL PRIMARY KEY,
    login character varying(50) NOT NULL UNIQUE,
    password_hash character varying(60) NOT NULL,
    first_name character varying(50),
    last_name character varying(50),
    email character varying(191) UNIQUE,
    image_url character varying(256),
    activated boolean NOT NULL,
    lang_key character varying(10),
    activation_key character varying(20),
    reset_key character varying(20),
    created_by character varying(50) NOT NULL,
    created_date timestamp without time zone,
    reset_date timestamp without time zone,
    last_modified_by character varying(50),
    last_modified_date timestamp without time zone
);
CREATE TABLE jhi_authority (name character varying(50) NOT NULL PRIMARY KEY);
CREATE TABLE jhi_user_authority (
    user_id bigint NOT NULL REFERENCES jhi_user (id),
    authority_name character varying(50) NOT NULL REFERENCES jhi_authority (name),
    PRIMARY KEY (user_id, authority_name)
);
INSERT INTO jhi_user (id, login, password_hash, first_name, last_name, email, activated, created_by) VALUES
    (1, 'admin', '$2a$10$gSAhZrxMllrbgj/kkK9UceBPpChGWJA7SYIb1Mqo.n5aNLq1/oRrC', 'Ad', 'Min', 'admin@x.example', TRUE, 'system'),
    (2, 'user', '$2a$10$VEjxo0jq2YG9Rbk2HmX9S.k1uZBGYUHdUcid3g/vfiEl7lwWgOH/K', 'Us', 'Er', 'user@x.example', TRUE, 'system'),
    (3, 'new', '$2a$10$VEjxo0jq2YG9Rbk2HmX9S.k1uZBGYUHdUcid3g/vfiEl7lwWgOH/K', NULL, NULL, 'new@y.example', FALSE, 'system');
