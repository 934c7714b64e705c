-- Spring Security's users: named by their key.
CREATE TABLE users (username varchar(50) not null primary key, password varchar(500) not null, enabled boolean not null);
CREATE TABLE authorities (username varchar(50) not null references users(username), authority varchar(50) not null);
INSERT INTO users VALUES ('ann','{bcrypt}$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',true);
INSERT INTO users VALUES ('bob', 'x', FALSE);
