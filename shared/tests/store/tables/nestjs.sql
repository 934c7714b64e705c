-- A starter for NestJS with TypeORM: status and role are numbers of tables of their own.
CREATE TABLE role (id integer PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE status (id integer PRIMARY KEY, name varchar NOT NULL);
INSERT INTO role VALUES (1, 'Admin'), (2, 'User');
INSERT INTO status VALUES (1, 'Active'), (2, 'Inactive');
CREATE TABLE "user" (
    id serial PRIMARY KEY,
    email varchar UNIQUE,
    password varchar,
    provider varchar NOT NULL DEFAULT 'email',
    "socialId" varchar,
    "firstName" varchar,
    "lastName" varchar,
    "createdAt" timestamp NOT NULL DEFAULT now(),
    "updatedAt" timestamp NOT NULL DEFAULT now(),
    "deletedAt" timestamp,
    "roleId" integer NOT NULL REFERENCES role (id),
    "statusId" integer REFERENCES status (id)
);
CREATE TABLE session (id serial PRIMARY KEY, hash varchar NOT NULL, "userId" integer REFERENCES "user" (id));
INSERT INTO "user" (email, password, "firstName", "lastName", "roleId", "statusId", "deletedAt") VALUES
    ('admin@x.example', '$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'Super', 'Admin', 1, 1, NULL),
    ('john@x.example', '$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'John', 'Doe', 2, 1, NULL),
    ('new@x.example', NULL, 'New', 'Comer', 2, 2, NULL),
    ('gone@x.example', NULL, 'Gone', 'Away', 2, 1, now());
