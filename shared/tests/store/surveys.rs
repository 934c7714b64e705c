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
        assert_eq!(proposal.obstacles.len(), 1, "{:?}", proposal.obstacles);
        assert!(proposal.obstacles[0].starts_with(sentence), "{:?}", proposal.obstacles);
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
        "CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, password text)",
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
    assert!(proposal.obstacles[0].starts_with("this user may not read public.users: GRANT SELECT"));
    let grant = format!("RESET ROLE; GRANT SELECT ON users TO {role}; SET ROLE {role}");
    connection.execute(grant.as_str()).await.unwrap();
    let proposal = survey(connection, None).await.unwrap().proposal.unwrap();
    assert!(proposal.mapping.is_some(), "{:?}", proposal.obstacles);
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
