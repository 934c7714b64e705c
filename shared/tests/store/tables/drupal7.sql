-- Drupal 7: uid, name and pass, seconds since 1970, a status of 0 and 1.
CREATE TABLE users (
    uid bigint DEFAULT 0 NOT NULL PRIMARY KEY CHECK (uid >= 0),
    name character varying(60) DEFAULT '' NOT NULL UNIQUE,
    pass character varying(128) DEFAULT '' NOT NULL,
    mail character varying(254) DEFAULT '',
    theme character varying(255) DEFAULT '' NOT NULL,
    created integer DEFAULT 0 NOT NULL,
    access integer DEFAULT 0 NOT NULL,
    login integer DEFAULT 0 NOT NULL,
    status smallint DEFAULT 0 NOT NULL,
    timezone character varying(32),
    language character varying(12) DEFAULT '' NOT NULL,
    picture integer DEFAULT 0 NOT NULL,
    data bytea
);
INSERT INTO users (uid, name, pass, mail, created, status) VALUES
    (1, 'root', '$S$DxVlQ9vRj1cVb9k8m0qk4Fh1o2r5WmXn0b3Kx2Lw8p1Zk7Ty4u', 'root@x.example', 1767225600, 1),
    (2, 'off', '$S$DxVlQ9vRj1cVb9k8m0qk4Fh1o2r5WmXn0b3Kx2Lw8p1Zk7Ty4u', 'off@x.example', 1767225700, 0),
    (3, 'ann', '$S$DxVlQ9vRj1cVb9k8m0qk4Fh1o2r5WmXn0b3Kx2Lw8p1Zk7Ty4u', 'ann@x.example', 1767225800, 1);
