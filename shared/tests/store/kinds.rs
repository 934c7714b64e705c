//! What columns of tables that people have are taken for, beyond what `surveys` has.

use users_table::UsersTable;
use users_table::proposal::survey;

use crate::foreign_tables::ForeignTable;
use crate::surveys::check_kinds;

/// Each is of a table that people have: its SQL, and lines that the proposal must have.
type Kinds<'k> = &'k [(&'k str, &'k [&'k str])];

#[tokio::test]
async fn a_status_is_read_and_written_in_its_own_language_and_length() {
    let kinds: Kinds<'_> = &[
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, account_status varchar(50) DEFAULT 'aktywny');
             INSERT INTO users (email, account_status) VALUES ('a@x.example', 'nieaktywny')",
            &[
                "is_active is coalesce(\"account_status\" = 'aktywny', FALSE)",
                "'nieaktywny' is written",
            ],
        ),
        (
            "CREATE TABLE usuarios (id serial PRIMARY KEY, correo text NOT NULL, estado text DEFAULT 'Activo')",
            &["'Inactivo' is written, which no row has: a guess"],
        ),
        (
            "CREATE TABLE members (id serial PRIMARY KEY, email text NOT NULL, status char(1) NOT NULL DEFAULT 'A')",
            &["'I' is written, which no row has: a guess"],
        ),
        (
            "CREATE TABLE members (id serial PRIMARY KEY, email text NOT NULL, status varchar(6) NOT NULL DEFAULT 'active')",
            &["status 'active' is active, every other value is not; what to write for it is not known"],
        ),
        (
            "CREATE TABLE members (id serial PRIMARY KEY, email text NOT NULL, status char(1) NOT NULL DEFAULT 'Y')",
            &["is_active is coalesce(\"status\"::text = 'Y', FALSE)"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, status text NOT NULL DEFAULT 'active' \
                 CHECK (status IN ('active', 'deleted', 'suspended')))",
            &["'suspended' is written; who is 'deleted' is listed, unless \"users_are\" says otherwise"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, status text NOT NULL DEFAULT 'registered' \
                 CHECK (status IN ('registered', 'approved', 'rejected', 'deleted')))",
            &["status 'approved' is active", "'rejected' is written"],
        ),
        (
            "CREATE TABLE admins (id serial PRIMARY KEY, email text NOT NULL, status integer);
             INSERT INTO admins (email, status) VALUES ('a@x.example', 0)",
            &["is_active is -", "is_active: status is not looked at: most users have 0, which may mean active"],
        ),
        (
            "CREATE TABLE cwd_user (id bigint PRIMARY KEY, user_name text, active numeric(9,0), email_address text);
             INSERT INTO cwd_user VALUES (1, 'a', 1, 'a@x.example'), (2, 'b', 0, 'b@x.example')",
            &["is_active is coalesce(\"active\" <> 0, FALSE)"],
        ),
    ];
    check_kinds(kinds).await;
}

#[tokio::test]
async fn a_role_is_written_only_where_it_is_known_to_give_no_rights() {
    let kinds: Kinds<'_> = &[
        (
            "CREATE TYPE role AS ENUM ('SUPER_ADMIN', 'SCHOOL_ADMIN', 'PARENT');
             CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, role role NOT NULL DEFAULT 'SCHOOL_ADMIN')",
            &["is_superuser: role 'SUPER_ADMIN' makes a superuser; what to write for others is not known"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, role text NOT NULL);
             INSERT INTO users (email, role) VALUES ('a@x.example', 'boardUser')",
            &["note: a new user has to say role: it is required, and no value is known to be right"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, roles text NOT NULL);
             INSERT INTO users (email, roles) VALUES ('a@x.example', 'a:1:{i:0;s:10:\"ROLE_ADMIN\";}')",
            &["new: roles = 'a:0:{}'"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, phone text NOT NULL UNIQUE)",
            &["note: a new user has to say phone"],
        ),
        (
            "CREATE TABLE usuarios (id serial PRIMARY KEY, mail text NOT NULL, nombre text NOT NULL, apellido text NOT NULL, \
                 dni text NOT NULL UNIQUE)",
            &[
                "full_name is nullif(btrim(\"nombre\" || ' ' || \"apellido\"), '')",
                "nobody: dni is text without a default, and no value for it is known to be right",
            ],
        ),
    ];
    check_kinds(kinds).await;
}

#[tokio::test]
async fn an_id_that_somebody_else_gives_is_not_made_up() {
    let kinds: Kinds<'_> = &[
        (
            "CREATE TABLE user_profiles (id serial PRIMARY KEY, clerk_user_id text NOT NULL UNIQUE, user_id text UNIQUE, \
                 email text NOT NULL);
             INSERT INTO user_profiles (clerk_user_id, user_id, email)
             VALUES ('user_2abcdefghijklmnopqrstuvwxy1', 'user_2abcdefghijklmnopqrstuvwxy1', 'a@x.example')",
            &["username is -", "nobody: clerk_user_id has to refer to something"],
        ),
        (
            "CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL);
             INSERT INTO users VALUES ('auth0|5f7c8ec7c33c6c004bbafe82', 'a@x.example')",
            &["nobody: ids in id are those of an identity provider"],
        ),
        (
            "CREATE TABLE users (id text PRIMARY KEY, email text NOT NULL);
             INSERT INTO users VALUES ('usr_01hq', 'a@x.example'), ('usr_01hr', 'b@x.example')",
            &["id: rollcall makes the ids: usr_ and random text, as all of them begin so"],
        ),
        (
            "CREATE TABLE usermaster (user_id varchar(20) PRIMARY KEY, email text, passwd text);
             INSERT INTO usermaster VALUES ('hong', 'hong@x.example', '')",
            &["username is \"user_id\"", "nobody: user_id is the key"],
        ),
        (
            "CREATE TABLE accounts (email varchar(64) PRIMARY KEY, nickname text, password text)",
            &["email is \"email\"", "username is nickname", "nobody: email is the key"],
        ),
    ];
    check_kinds(kinds).await;
}

#[tokio::test]
async fn times_as_numbers_are_read_in_the_unit_that_they_have() {
    let kinds: Kinds<'_> = &[
        (
            "CREATE TABLE members (id serial PRIMARY KEY, email text NOT NULL, created numeric(20,0), updated bigint);
             INSERT INTO members (email, created, updated) VALUES ('a@x.example', 1700000000123456789, 1700000000123456)",
            &[
                "created_at is to_timestamp(\"created\" / 1000000000.0)",
                "updated_at is to_timestamp(\"updated\" / 1000000.0)",
                "updated_at: updated is a number of microseconds since 1970",
            ],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_unix bigint, updated_unix bigint);
             INSERT INTO users (email, created_unix) VALUES ('a@x.example', 1700000000)",
            &["updated_at is to_timestamp(\"updated_unix\")"],
        ),
    ];
    check_kinds(kinds).await;
}

#[tokio::test]
async fn a_mark_of_deletion_that_nobody_can_read_is_named() {
    let kinds: Kinds<'_> = &[
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, deleted_at timestamptz NOT NULL DEFAULT 'infinity')",
            &["note: deleted_at is not looked at, because nothing says which of its values mean deleted"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, is_delete smallint NOT NULL DEFAULT 1);
             INSERT INTO users (email) VALUES ('a@x.example')",
            &["note: is_delete is not looked at"],
        ),
    ];
    check_kinds(kinds).await;
}

#[tokio::test]
async fn addresses_are_unique_by_every_index_that_keeps_those_of_users_apart() {
    for (index, is_unique) in [
        (
            "CREATE UNIQUE INDEX ON users (email) WHERE is_deleted = FALSE",
            true,
        ),
        (
            "CREATE UNIQUE INDEX ON users (lower(email)) WHERE is_deleted IS NOT TRUE",
            true,
        ),
        ("CREATE UNIQUE INDEX ON users (email_key)", true),
        ("CREATE UNIQUE INDEX ON users (normalized_email)", true),
        (
            "CREATE UNIQUE INDEX ON users (email) WHERE is_deleted = TRUE",
            false,
        ),
        ("CREATE UNIQUE INDEX ON users (email_and_name)", false),
        ("CREATE UNIQUE INDEX ON users (email, name)", false),
    ] {
        let sql = format!(
            "CREATE TABLE users (
                 id serial PRIMARY KEY, email text NOT NULL, name text, normalized_email text,
                 is_deleted boolean NOT NULL DEFAULT FALSE,
                 email_key text GENERATED ALWAYS AS (lower(email)) STORED,
                 email_and_name text GENERATED ALWAYS AS (lower(email || name)) STORED
             );
             {index}"
        );
        let mut table = ForeignTable::of(&sql, UsersTable::Unspecified).await;
        let proposal = survey(&mut table.connection, None).await.unwrap().proposal;
        let mapping = proposal.unwrap().mapping.unwrap();
        assert_eq!(mapping.are_emails_unique(), is_unique, "{index}");
    }
}

#[tokio::test]
async fn letters_and_numbers_that_stand_for_yes_and_no_are_read_or_named() {
    let kinds: Kinds<'_> = &[
        (
            "CREATE TABLE usuarios (id serial PRIMARY KEY, nome text NOT NULL, email text UNIQUE,
                 ativo char(1) NOT NULL DEFAULT 'S' CHECK (ativo IN ('S', 'N')), administrador char(1) NOT NULL DEFAULT 'N');
             INSERT INTO usuarios (nome, email, administrador) VALUES ('A', 'a@x.example', 'S')",
            &[
                "is_active is coalesce(\"ativo\"::text = 'S', FALSE)",
                "is_superuser is coalesce(\"administrador\"::text = 'S', FALSE)",
            ],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, lock_flag char(1) DEFAULT '0');
             INSERT INTO users (email, lock_flag) VALUES ('a@x.example', '9')",
            &["is_active is coalesce(\"lock_flag\"::text <> '9', TRUE)"],
        ),
        // Memos.
        (
            "CREATE TABLE users (id serial PRIMARY KEY, username text NOT NULL UNIQUE, row_status text NOT NULL DEFAULT 'NORMAL',
                 role text NOT NULL DEFAULT 'USER', created_ts bigint, updated_ts bigint, password_hash text);
             INSERT INTO users (username, role, row_status) VALUES ('a', 'HOST', 'NORMAL'), ('b', 'ADMIN', 'ARCHIVED'), ('c', 'USER', 'NORMAL')",
            &[
                "is_active is coalesce(\"row_status\" = 'NORMAL', FALSE)",
                "'ARCHIVED' is written",
                "is_superuser is coalesce(\"role\" = 'ADMIN', FALSE)",
                "'HOST' is not taken for one",
                "updated_at is to_timestamp",
            ],
        ),
        // A starter for NestJS: status and role are numbers of other tables.
        (
            "CREATE TABLE status (id integer PRIMARY KEY, name text); INSERT INTO status VALUES (1, 'Active'), (2, 'Inactive');
             CREATE TABLE role (id integer PRIMARY KEY, name text); INSERT INTO role VALUES (1, 'Admin'), (2, 'User');
             CREATE TABLE users (id serial PRIMARY KEY, email text, \"statusId\" integer REFERENCES status,
                 \"roleId\" integer NOT NULL REFERENCES role)",
            &[
                "is_active is coalesce(\"statusId\" = 1, FALSE)",
                "is_active: statusId 1 is 'Active' in public.status; for others 2 is written, 'Inactive'",
                "is_superuser is coalesce(\"roleId\" = 1, FALSE)",
                "is_superuser: roleId 1 is 'Admin' in public.role; for others 2 is written, 'User'",
            ],
        ),
        (
            "CREATE TABLE roles (id uuid PRIMARY KEY, title text);
             CREATE TABLE users (id serial PRIMARY KEY, email text, role_id uuid NOT NULL REFERENCES roles)",
            &[
                "is_superuser: role_id refers to a table in which nothing says which row means it",
                "nobody: role_id has to refer to something",
            ],
        ),
        // Pleroma: a locked account is a private one.
        (
            "CREATE TABLE users (id uuid PRIMARY KEY, email text UNIQUE, ap_id text UNIQUE, is_active boolean NOT NULL DEFAULT TRUE,
                 is_locked boolean NOT NULL DEFAULT FALSE)",
            &["is_active is is_active"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, active text);
             INSERT INTO users (email, active) VALUES ('a@x.example', 'perhaps')",
            &["is_active: active is not looked at: nothing says which of its values mean yes and no"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, status smallint DEFAULT 0);
             COMMENT ON COLUMN users.status IS '帐号状态（0正常 1停用）'",
            &["is_active is coalesce(\"status\" = 0, FALSE)", "is_active: status is read as the comment on it says"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, status smallint);
             COMMENT ON COLUMN users.status IS E'active: 1\\ndisabled: 2\\nlocked: 3'",
            &["is_active is coalesce(\"status\" = 1, FALSE)"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, status integer NOT NULL DEFAULT 1)",
            &["is_active is coalesce(\"status\" = 1, FALSE)", "a guess, because no row says it"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, city text, state text);
             INSERT INTO users (email, state) VALUES ('a@x.example', 'ACT'), ('b@x.example', 'NSW')",
            &["is_active is -", "is_active: everybody is active"],
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text, status smallint);
             COMMENT ON COLUMN users.status IS 'active: 1, disabled: 0, normal';
             INSERT INTO users (email, status) VALUES ('a@x.example', 0), ('b@x.example', 0), ('c@x.example', 2)",
            &["is_active is -", "its values are 0, 2: say it with \"sql\", such as \"status = 0\""],
        ),
        (
            "CREATE TYPE state AS ENUM ('pending', 'active', 'confirmed', 'deleted');
             CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, state state NOT NULL DEFAULT 'pending')",
            &[
                "is_active is coalesce(\"state\" IN ('active'::public.state, 'confirmed'::public.state), FALSE)",
                "state 'active' or 'confirmed' is active, every other value is not; which of pending is to be written is not \
                 known; who is 'deleted' is listed",
            ],
        ),
    ];
    check_kinds(kinds).await;
}

#[tokio::test]
async fn no_index_is_suggested_that_would_refuse_what_the_application_stores() {
    for (sql, mend) in [
        (
            "CREATE TABLE users (id serial PRIMARY KEY, tenant_id integer NOT NULL, email text NOT NULL, UNIQUE (tenant_id, email))",
            "",
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
             INSERT INTO users (email) VALUES ('a@x.example'), ('A@x.example')",
            "",
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL DEFAULT '')",
            "CREATE UNIQUE INDEX CONCURRENTLY ON public.users (\"email\") WHERE \"email\" <> '';",
        ),
    ] {
        let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
        let proposal = survey(&mut table.connection, None).await.unwrap().proposal;
        assert_eq!(proposal.unwrap().mend.join(" "), mend, "{sql}");
    }
}

#[tokio::test]
async fn a_table_without_rows_says_by_its_columns_what_verifies_passwords() {
    for (columns, hash) in [
        (
            "password varchar(128), last_login timestamptz",
            "pbkdf2-django",
        ),
        (
            "password varchar(255), remember_token varchar(100)",
            "bcrypt",
        ),
        ("password varchar(255)", "argon2id"),
    ] {
        let sql = format!("CREATE TABLE users (id serial PRIMARY KEY, email text, {columns})");
        let mut table = ForeignTable::of(&sql, UsersTable::Unspecified).await;
        let proposal = survey(&mut table.connection, None).await.unwrap().proposal;
        let settings = proposal.unwrap().settings;
        let setting = settings
            .iter()
            .find(|setting| setting.variable == "PASSWORD_HASH");
        assert_eq!(setting.unwrap().value, hash, "{columns}");
    }
}

#[tokio::test]
async fn what_the_application_cannot_store_any_more_is_said() {
    for (index, is_said) in [("(email)", true), ("(lower(email))", false)] {
        let sql = format!(
            "CREATE TABLE users (id serial PRIMARY KEY, email text); CREATE UNIQUE INDEX ON users {index}"
        );
        let mut table = ForeignTable::of(&sql, UsersTable::Unspecified).await;
        let proposal = survey(&mut table.connection, None)
            .await
            .unwrap()
            .proposal
            .unwrap();
        let email = proposal.fields.iter().find(|field| field.field == "email");
        let said = email
            .unwrap()
            .notes
            .iter()
            .any(|note| note.starts_with("once adopted"));
        assert_eq!(said, is_said, "{index}");
    }
}
