//! What `rollcall adopt` finds in a database, and which tables it refuses.

use shared::store::bulk::OnConflict;
use shared::store::mapping::UserWrites;
use shared::store::migrations;
use sqlx::Executor as _;
use users_table::UsersTable;
use users_table::proposal::{Finding, Survey, survey};

use crate::foreign_tables::{ForeignTable, row};
use crate::proposals::write;

async fn survey_of(sql: &str) -> Survey {
    let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
    survey(&mut table.connection, None).await.unwrap()
}

#[tokio::test]
async fn a_table_that_cannot_be_adopted_is_refused_with_one_sentence_for_each_reason() {
    for (sql, sentence) in [
        (
            "CREATE TABLE users (tenant integer, number integer, email text, PRIMARY KEY (tenant, number))",
            "the primary key of public.users is composite (tenant, number)",
        ),
        (
            "CREATE TABLE users (email text, name text)",
            "public.users has no primary key and no column that is unique and NOT NULL",
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, shoe_size integer)",
            "public.users has neither an email nor a username by which people could be found",
        ),
        (
            "CREATE TABLE people_data (id serial PRIMARY KEY, mail text);
             CREATE VIEW users AS SELECT id, mail AS email, 'x' AS password, mail AS username FROM people_data",
            "public.users is a view: adopt the table that it reads",
        ),
        (
            "CREATE TABLE users (id integer, email text, PRIMARY KEY (id)) PARTITION BY HASH (id);
             CREATE TABLE users_0 PARTITION OF users FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
            "public.users is partitioned",
        ),
        (
            "CREATE TABLE users (id serial PRIMARY KEY, email text);
             CREATE TABLE admins (level integer) INHERITS (users)",
            "public.users inherits from or to public.admins",
        ),
        (
            "CREATE TABLE users (id numeric PRIMARY KEY, email text)",
            "the key id of public.users is numeric",
        ),
        (
            "CREATE TABLE users (id text PRIMARY KEY, email text);
             INSERT INTO users VALUES (repeat('x', 65), 'a@x.example')",
            "ids in id have more than 64 bytes",
        ),
        (
            "CREATE TABLE users (id integer PRIMARY KEY, email text UNIQUE DEFERRABLE)",
            "public.users has the deferrable constraint users_email_key",
        ),
    ] {
        let survey = survey_of(sql).await;
        assert_eq!(survey.finding, Finding::Candidate, "{sql}");
        let proposal = survey.proposal.unwrap();
        assert_eq!(proposal.preflight_errors.len(), 1, "{:?}", proposal.preflight_errors);
        assert!(proposal.preflight_errors[0].starts_with(sentence), "{:?}", proposal.preflight_errors);
        assert_eq!(proposal.mapping, None, "{sql}");
    }
}

#[tokio::test]
async fn a_database_without_a_table_to_adopt_is_told_from_others() {
    let own = "id bigint PRIMARY KEY, email text, username text, full_name text, password_hash text, is_active boolean, \
               is_superuser boolean, created_at timestamptz, updated_at timestamptz";
    for (sql, finding) in [
        (String::new(), Finding::Empty),
        (
            "CREATE TABLE orders (id serial PRIMARY KEY, total numeric)".to_owned(),
            Finding::NoCandidate,
        ),
        (
            format!("CREATE TABLE users ({own}, role text)"),
            Finding::OwnShape,
        ),
    ] {
        assert_eq!(survey_of(&sql).await.finding, finding, "{sql}");
    }
    let mut table = ForeignTable::of("", UsersTable::Unspecified).await;
    table
        .connection
        .execute("SET search_path = public")
        .await
        .unwrap();
    migrations::up(&mut table.connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    assert_eq!(
        survey(&mut table.connection, None).await.unwrap().finding,
        Finding::Own
    );
    let mut adopted = ForeignTable::create("10-better-auth").await;
    adopted.adopt().await;
    assert_eq!(
        survey(&mut adopted.connection, None).await.unwrap().finding,
        Finding::Adopted
    );
    let missing = survey(&mut table.connection, Some("public.nobody"))
        .await
        .unwrap();
    assert_eq!(missing.finding, Finding::NoSuchTable);
}

#[tokio::test]
async fn a_table_is_looked_at_without_the_right_to_read_or_write_it() {
    let mut table = ForeignTable::of(
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text, diary text);
         INSERT INTO users (email, diary) VALUES ('a@x.example', 'a'), ('b@x.example', 'b')",
        UsersTable::Unspecified,
    )
    .await;
    let role = format!("looker_{}", std::process::id());
    let connection = &mut table.connection;
    connection
        .execute(format!("CREATE ROLE {role}; SET ROLE {role}").as_str())
        .await
        .unwrap();
    let proposal = survey(connection, None).await.unwrap().proposal.unwrap();
    assert!(
        proposal.preflight_errors[0]
            .starts_with("this user may not read public.users: GRANT SELECT")
    );
    let grant = format!(
        "RESET ROLE; GRANT SELECT (id, email, password) ON users TO {role}; SET ROLE {role}"
    );
    connection.execute(grant.as_str()).await.unwrap();
    let proposal = survey(connection, None).await.unwrap().proposal.unwrap();
    assert!(
        proposal.mapping.is_some(),
        "{:?}",
        proposal.preflight_errors
    );
    let note = proposal
        .notes
        .iter()
        .any(|note| note.starts_with("only the owner"));
    assert!(note, "{:?}", proposal.notes);
    let drop = format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}");
    connection.execute(drop.as_str()).await.unwrap();
}

#[tokio::test]
async fn extra_fields_are_proposed_by_their_names_and_no_secret_is() {
    let sql = "CREATE TYPE rank AS ENUM ('crew', 'captain');
               CREATE TABLE cities (id integer PRIMARY KEY);
               CREATE TABLE users (
                   id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text, role rank NOT NULL,
                   \"phoneNumber\" text, locale varchar(5) DEFAULT 'en', \"is_verified\" boolean, timezone text,
                   city integer REFERENCES cities, bio text GENERATED ALWAYS AS (email) STORED,
                   reset_token text, otp_secret text, api_key text, phone_pin text, password_salt_old text
               );
               INSERT INTO users (email, role) VALUES ('a@x.example', 'crew')";
    let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
    let proposal = survey(&mut table.connection, None).await.unwrap();
    let mapping = proposal.proposal.unwrap().mapping.unwrap();
    let names: Vec<_> = mapping.extra.iter().map(|field| field.name).collect();
    let expected = ["is_verified", "locale", "phoneNumber", "role", "timezone"];
    assert_eq!(names, expected);
    table.mapping = UsersTable::parse(&mapping.to_json()).unwrap();
    table.adopt().await;
    let mut new = row("b@x.example", None);
    new.extra.insert("locale".to_owned(), "de".into());
    new.extra.insert("role".to_owned(), "crew".into());
    let writes = UserWrites::new(Some(&mapping));
    let user = write(&mut table, writes, &new, OnConflict::Fail).await;
    assert_eq!([&user.extra["locale"], &user.extra["role"]], ["de", "crew"]);
}

#[tokio::test]
async fn a_table_that_is_named_is_proposed_before_a_likelier_one() {
    let sql = "CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, password text);
               CREATE SCHEMA crm;
               CREATE TABLE crm.\"Contacts\" (\"Id\" uuid PRIMARY KEY, \"Email\" text NOT NULL)";
    let mut table = ForeignTable::of(sql, UsersTable::Unspecified).await;
    let survey = survey(&mut table.connection, Some("crm.Contacts"))
        .await
        .unwrap();
    assert_eq!(survey.others, ["public.users"]);
    let mapping = survey.proposal.unwrap().mapping.unwrap();
    assert_eq!(mapping.table, "crm.Contacts");
    assert_eq!(mapping.id.new.as_deref(), Some("uuid7"));
    assert!(!mapping.are_emails_unique(), "nothing of the table says so");
}

/// Each is of a table that people have: its SQL, and lines that the proposal must have.
const KINDS: [(&str, &[&str]); 14] = [
    (
        "CREATE TABLE \"user\" (id serial PRIMARY KEY, lower_name text NOT NULL UNIQUE, name text NOT NULL UNIQUE, \
             full_name text, email text NOT NULL, login_name text, passwd text NOT NULL, salt text, created_unix bigint, \
             is_active boolean, prohibit_login boolean NOT NULL DEFAULT FALSE);
         INSERT INTO \"user\" (lower_name, name, email, passwd, created_unix) VALUES ('a', 'a', '', '', 1600000000)",
        &[
            "username is \"name\"",
            "full_name is full_name",
            "is_active is (\"is_active\") AND (NOT \"prohibit_login\")",
            "created_at is to_timestamp(\"created_unix\")",
            "new: passwd = '!'",
        ],
    ),
    (
        "CREATE TABLE users (id text PRIMARY KEY, username text UNIQUE, email text NOT NULL, \
             status smallint NOT NULL DEFAULT 0, role smallint DEFAULT 0)",
        &["is_active is -", "is_active: status is not looked at: its default is 0, which may mean active"],
    ),
    (
        "CREATE TYPE role AS ENUM ('SUPER_ADMIN', 'AGENCY_ADMIN', 'STAFF');
         CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, role role NOT NULL)",
        &["note: a new user has to say role: it is required, and no value is known to be right"],
    ),
    (
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, username text, role integer NOT NULL)",
        &["note: a new user has to say role: it is required, and no value is known to be right"],
    ),
    (
        "CREATE TABLE llx_user (rowid serial PRIMARY KEY, login text NOT NULL, pass text, pass_crypted text, email text, \
             admin smallint DEFAULT 0, statut integer DEFAULT 1, datec timestamp, tms timestamp DEFAULT now());
         INSERT INTO llx_user (login, pass_crypted) VALUES ('a', '$2y$10$abcdefghijklmnopqrstuv')",
        &[
            "password_hash is pass_crypted",
            "is_active is coalesce(\"statut\" = 1, FALSE)",
            "created_at is datec",
            "updated_at is tms",
        ],
    ),
    (
        "CREATE TABLE jos_users (id serial PRIMARY KEY, name text NOT NULL, username text NOT NULL UNIQUE, \
             email text NOT NULL, password text NOT NULL, block smallint DEFAULT 0 NOT NULL, \
             \"registerDate\" timestamp NOT NULL)",
        &["is_active is coalesce(\"block\" = 0, TRUE)", "created_at is registerDate"],
    ),
    (
        "CREATE TABLE users (name text UNIQUE, password_hash text, deactivated smallint DEFAULT 0 NOT NULL);
         CREATE TABLE profiles (user_id text NOT NULL UNIQUE, displayname text, full_user_id text)",
        &["refused: public.users has no primary key and no column that is unique and NOT NULL"],
    ),
    (
        "CREATE TABLE phpbb_users (user_id serial PRIMARY KEY, username text NOT NULL DEFAULT '', \
             username_clean text NOT NULL DEFAULT '' UNIQUE, user_email text NOT NULL DEFAULT '', \
             user_password text NOT NULL, handle_hash text NOT NULL DEFAULT '' UNIQUE)",
        &[
            "username: username_clean is written as lower of it",
            "new: handle_hash = gen_random_uuid()::text",
        ],
    ),
    (
        "CREATE TABLE users (user_id uuid PRIMARY KEY, username text NOT NULL UNIQUE, can_request_admin boolean);
         CREATE TABLE user_emails (user_id uuid NOT NULL REFERENCES users, email text NOT NULL)",
        &[
            "email: public.user_emails has addresses, which rollcall does not read",
            "is_superuser is can_request_admin",
        ],
    ),
    (
        "CREATE TABLE identities (id uuid PRIMARY KEY, traits jsonb NOT NULL, state text NOT NULL)",
        &["if traits has it, write the mapping by hand, with \"email\": {\"sql\": \"traits ->> 'email'\"}"],
    ),
    (
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, state text DEFAULT 'active' NOT NULL, sysadmin_flag \
             boolean);
         INSERT INTO users (email, state) VALUES ('a@x.example', 'deleted')",
        &[
            "is_active: state 'active' is active, every other value is not; 'inactive' is written, which no row has: a guess; \
                 who is 'deleted' is listed",
            "is_superuser is sysadmin_flag",
        ],
    ),
    (
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, status text DEFAULT 'active' NOT NULL, \
             is_service_account boolean)",
        &[
            "'inactive' is written, which no row has: a guess",
            "such as \"is_service_account\" IS NOT TRUE",
        ],
    ),
    (
        "CREATE TABLE users (id serial PRIMARY KEY, mail text NOT NULL, type text);
         INSERT INTO users (mail, type) VALUES ('a@x.example', 'User'), ('b@x.example', 'User'), ('', 'Group')",
        &["all kinds of type are users: if some are programs or groups", "such as \"type\" = 'User'"],
    ),
    (
        "CREATE TABLE manager (id uuid PRIMARY KEY, email text NOT NULL, firstname text NOT NULL, lastname text NOT NULL, \
             external_id text NOT NULL, block smallint NOT NULL DEFAULT 0);
         INSERT INTO manager (id, email, firstname, lastname, external_id, block)
         VALUES (gen_random_uuid(), 'a@x.example', 'A', 'B', 'x', 7)",
        &[
            "email is email",
            "is_active is -",
            "note: a new user has to say external_id: it is required",
        ],
    ),
];

#[tokio::test]
async fn columns_are_taken_for_what_they_are_and_new_users_get_no_rights() {
    check_kinds(&KINDS).await;
}

pub(crate) async fn check_kinds(kinds: &[(&str, &[&str])]) {
    let mut table = ForeignTable::of("", UsersTable::Unspecified).await;
    for (sql, expected) in kinds {
        let anew = format!(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public; SET search_path = public; {sql}"
        );
        table.connection.execute(anew.as_str()).await.unwrap();
        let survey = survey(&mut table.connection, None).await.unwrap();
        let proposal = survey.proposal.unwrap_or_else(|| panic!("{sql}"));
        let fields = proposal.fields.iter().flat_map(|field| {
            let from = field.from.as_deref().unwrap_or("-");
            let notes = field.notes.iter();
            let notes = notes.map(|note| format!("{}: {note}", field.field));
            [format!("{} is {from}", field.field)]
                .into_iter()
                .chain(notes)
        });
        let named = |name: &'static str, lines: &[String]| -> Vec<_> {
            lines.iter().map(|line| format!("{name}: {line}")).collect()
        };
        let lines: Vec<_> = fields
            .chain(named("new", &proposal.new_users))
            .chain(named("nobody", &proposal.no_new_users))
            .chain(named("refused", &proposal.preflight_errors))
            .chain(named("note", &proposal.notes))
            .collect();
        for line in *expected {
            assert!(
                lines.iter().any(|found| found.contains(line)),
                "{line}\n{lines:#?}"
            );
        }
    }
}
