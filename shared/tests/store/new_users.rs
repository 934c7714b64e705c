//! What `rollcall adopt` gives new users beside the fields, by what the users of the table have.

use crate::surveys::check_kinds;

#[tokio::test]
async fn what_a_new_user_gets_is_what_users_have() {
    let kinds: &[(&str, &[&str])] = &[
        // Spring Security: all four flags have to be true.
        (
            "CREATE TABLE app_users (id bigserial PRIMARY KEY, username text NOT NULL UNIQUE, email text NOT NULL UNIQUE,
                 password varchar(100) NOT NULL, account_non_expired boolean NOT NULL, account_non_locked boolean NOT NULL,
                 credentials_non_expired boolean NOT NULL, enabled boolean NOT NULL)",
            &[
                "is_active is (\"enabled\") AND (\"account_non_locked\") AND (\"account_non_expired\")",
                "new: credentials_non_expired = TRUE",
            ],
        ),
        // PeerTube: users without an account are not shown.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
             CREATE TABLE account (user_id integer NOT NULL UNIQUE REFERENCES users (id), name text);
             INSERT INTO users (email) VALUES ('a@x.example'), ('b@x.example');
             INSERT INTO account VALUES (1, 'a'), (2, 'b')",
            &["note: every user has a row in public.account, which rollcall does not make for new ones"],
        ),
        // A salt that nobody has is one that an older release used.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, password varchar(255), salt text);
             INSERT INTO users (email, password) VALUES ('a@x.example', '$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW')",
            &["password_hash is password"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_ts bigint DEFAULT extract(epoch FROM now()))",
            &["created_at is to_timestamp(\"created_ts\")", "created_ts is a number of seconds since 1970"],
        ),
        // What nobody shares is a token, and no hash.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, hash varchar(500) UNIQUE)",
            &["password_hash is -"],
        ),
        // Piccolo writes what Django cannot read.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, password varchar(255));
             INSERT INTO users (email, password) VALUES
                 ('a@x.example', 'pbkdf2_sha256$600000$c2FsdA$0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef')",
            &["password_hash: most stored hashes are PBKDF2 in hexadecimal, which rollcall does not write"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, timezone varchar(50) NOT NULL, city text NOT NULL, notify boolean NOT NULL,
                 external_auth_id varchar(191) NOT NULL, vendor_id integer NOT NULL, fs_uniquifier varchar(64) NOT NULL UNIQUE);
             INSERT INTO users VALUES (1, 'a@x.example', 'UTC', 'Rome', TRUE, '', 0, 'x'), (2, 'b@x.example', 'UTC', 'Rome', TRUE, '', 0, 'y')",
            &[
                "new: timezone = 'UTC'",
                "new: city = ''",
                "new: external_auth_id = ''",
                "new: vendor_id = 0",
                "new: fs_uniquifier = gen_random_uuid()::text",
                "note: new users get FALSE in notify, where nearly every user has TRUE",
            ],
        ),
        // A table without a primary key has a key nevertheless, and that of Matrix is the name.
        (
            "CREATE TABLE users (username text NOT NULL UNIQUE, email text)",
            &["id is username", "nobody: username is the key"],
        ),
        (
            "CREATE TABLE users (name text PRIMARY KEY, password_hash text, admin smallint, deactivated smallint, email_verified smallint)",
            &["id is name", "username is \"name\""],
        ),
        // Which organization it is, no row says of a new one.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, org_id bigint NOT NULL);
             INSERT INTO users (email, org_id) VALUES ('a@x.example', 1), ('b@x.example', 1)",
            &["nobody: org_id has to refer to something"],
        ),
        // Rails: rows without their class are found by nobody.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, type text, login text);
             INSERT INTO users (email, type) VALUES ('a@x.example', 'User'), ('b@x.example', 'User'), ('c@x.example', 'Group')",
            &["new: type = 'User'"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, culture varchar(10) NOT NULL, kdf_iterations integer NOT NULL,
                 domains text NOT NULL, is_auditor integer NOT NULL, lucky integer NOT NULL);
             INSERT INTO users VALUES (1, 'a@x.example', 'en-US', 600000, '[]', 1, 3), (2, 'b@x.example', 'en-US', 600000, '[]', 1, 5)",
            &[
                "new: culture = 'en-US'",
                "new: kdf_iterations = 600000",
                "new: domains = '[]'",
                "new: lucky = 0",
            ],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, del_flag smallint, rev integer, tenant integer DEFAULT 0,
                 admin_level integer NOT NULL);
             INSERT INTO users VALUES (1, 'a@x.example', 0, 1, 7, 9), (2, 'b@x.example', 0, 4, 7, 9)",
            &[
                "new: del_flag = 0",
                "note: new users have nothing in rev, where every user has something",
                "note: new users get the default of tenant, 0, which no user has; most have 7",
                "new: admin_level = 0",
            ],
        ),
        (
            "CREATE TABLE users (uuid varchar(40) PRIMARY KEY, login text NOT NULL UNIQUE, email text, outer_login text NOT NULL,
                 outer_name varchar(100) NOT NULL, UNIQUE (outer_name, outer_login))",
            &["nobody: only one user can have the same outer_name and outer_login"],
        ),
    ];
    check_kinds(kinds).await;
}
