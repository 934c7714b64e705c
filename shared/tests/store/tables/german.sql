-- An application in German: a lock instead of a flag, a flag that may be NULL, a deletion by date.
CREATE TABLE benutzer (
    nr integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    benutzername text NOT NULL UNIQUE,
    mail text NOT NULL UNIQUE,
    vorname text,
    nachname text,
    passwort text,
    gesperrt boolean DEFAULT FALSE,
    ist_admin boolean,
    erstellt_am timestamp NOT NULL DEFAULT now(),
    "geändert_am" timestamp,
    "gelöscht_am" timestamp
);
INSERT INTO benutzer (benutzername, mail, vorname, nachname, passwort, gesperrt, ist_admin, "gelöscht_am") VALUES
    ('jörg', 'joerg@de.example', 'Jörg', 'Groß', '$2y$12$abcdefghijklmnopqrstuuKB1Pq0D6C8rU6cJ4Rk6v2m8nUo1v1a2', FALSE, TRUE, NULL),
    ('ute', 'ute@de.example', 'Ute', 'Klein', '$2y$12$abcdefghijklmnopqrstuuKB1Pq0D6C8rU6cJ4Rk6v2m8nUo1v1a2', NULL, NULL, NULL),
    ('max', 'max@de.example', 'Max', 'Fort', '$2y$12$abcdefghijklmnopqrstuuKB1Pq0D6C8rU6cJ4Rk6v2m8nUo1v1a2', TRUE, FALSE, NULL),
    ('weg', 'weg@de.example', 'Weg', 'Weg', '$2y$12$abcdefghijklmnopqrstuuKB1Pq0D6C8rU6cJ4Rk6v2m8nUo1v1a2', FALSE, FALSE, now());
