-- Symfony: "user", roles as JSON, ids from a sequence that is not a default.
CREATE SEQUENCE user_id_seq INCREMENT BY 1 MINVALUE 1 START 1;
CREATE TABLE "user" (
    id integer NOT NULL PRIMARY KEY,
    email character varying(180) NOT NULL,
    roles json NOT NULL,
    password character varying(255) NOT NULL,
    is_verified boolean NOT NULL
);
CREATE UNIQUE INDEX uniq_identifier_email ON "user" (email);
INSERT INTO "user" VALUES
    (nextval('user_id_seq'), 'a@x.example', '["ROLE_ADMIN"]', '$2y$13$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', TRUE),
    (nextval('user_id_seq'), 'b@x.example', '[]', '$2y$13$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', TRUE);
