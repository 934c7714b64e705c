-- Nextcloud: the name to log in with is the key, addresses are elsewhere.
CREATE TABLE oc_users (
    uid character varying(64) NOT NULL DEFAULT '' PRIMARY KEY,
    displayname character varying(64) DEFAULT NULL,
    password character varying(255) NOT NULL DEFAULT '',
    uid_lower character varying(64) DEFAULT ''
);
CREATE INDEX user_uid_lower ON oc_users (uid_lower);
INSERT INTO oc_users (uid, displayname, password, uid_lower) VALUES ('Ann', 'Ann A', '3|$argon2id$v=19$m=65536,t=4,p=1$abcdefgh$abcdefgh', 'ann'), ('bob', NULL, '', 'bob');
