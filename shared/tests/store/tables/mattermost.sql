-- Mattermost: ids of 26 characters, times in milliseconds, deleteat is 0 of those who are not deleted, roles in one text.
CREATE TABLE users (
    id character varying(26) PRIMARY KEY,
    createat bigint,
    updateat bigint,
    deleteat bigint,
    username character varying(64) UNIQUE,
    password character varying(128),
    authdata character varying(128) UNIQUE,
    authservice character varying(32),
    email character varying(128) UNIQUE,
    emailverified boolean,
    nickname character varying(64),
    firstname character varying(64),
    lastname character varying(64),
    roles character varying(256),
    allowmarketing boolean,
    props jsonb,
    notifyprops jsonb,
    lastpasswordupdate bigint,
    lastpictureupdate bigint,
    failedattempts integer,
    locale character varying(5),
    mfaactive boolean,
    mfasecret character varying(128),
    position character varying(128),
    timezone jsonb,
    remoteid character varying(26)
);
CREATE TABLE sessions (id character varying(26) PRIMARY KEY, token character varying(26), createat bigint, expiresat bigint, userid character varying(26));
INSERT INTO users (id, createat, updateat, deleteat, username, password, email, emailverified, firstname, lastname, roles, locale) VALUES
    ('aaaaaaaaaaaaaaaaaaaaaaaaa1', 1767225600000, 1767225600000, 0, 'ann', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'ann@x.example', TRUE, 'Ann', 'A', 'system_admin system_user', 'en'),
    ('aaaaaaaaaaaaaaaaaaaaaaaaa2', 1767225700000, 1767225700000, 1767225800000, 'bob', '$2b$12$C6UzMDM.H6dfI/f/IKcEeO7f9Rv6bM5aWm2QkZkF1Hn9N6k0lBz8K', 'bob@x.example', FALSE, 'Bob', '', 'system_user', 'en');
