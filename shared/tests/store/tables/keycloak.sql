-- Keycloak's user_entity: ids of 36 characters, unique within a realm alone, milliseconds.
CREATE TABLE user_entity (
    id character varying(36) NOT NULL PRIMARY KEY,
    email character varying(255),
    email_constraint character varying(255),
    email_verified boolean DEFAULT FALSE NOT NULL,
    enabled boolean DEFAULT FALSE NOT NULL,
    federation_link character varying(255),
    first_name character varying(255),
    last_name character varying(255),
    realm_id character varying(255),
    username character varying(255),
    created_timestamp bigint,
    service_account_client_link character varying(255),
    not_before integer DEFAULT 0 NOT NULL,
    UNIQUE (realm_id, email_constraint),
    UNIQUE (realm_id, username)
);
CREATE TABLE credential (id character varying(36) PRIMARY KEY, user_id character varying(36) REFERENCES user_entity (id), secret_data text);
CREATE TABLE user_attribute (id character varying(36) PRIMARY KEY, name character varying(255) NOT NULL, user_id character varying(36) NOT NULL REFERENCES user_entity (id));
INSERT INTO user_entity (id, email, email_constraint, enabled, first_name, last_name, realm_id, username, created_timestamp) VALUES
    ('5bf2c2f4-0b0f-4f6c-8f0e-000000000001', 'a@x.example', 'a@x.example', TRUE, 'Ann', 'Able', 'r1', 'ann', 1767225600000),
    ('5bf2c2f4-0b0f-4f6c-8f0e-000000000002', 'a@x.example', 'a@x.example', FALSE, 'Ann', 'Able', 'r2', 'ann', 1767225601000);
