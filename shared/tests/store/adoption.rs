use std::time::{Duration, Instant};

use rig::{
    TestDatabase,
    foreign_table::{self, Application},
};
use shared::{
    platform::config::UsersTable,
    store::migrations::{self, Error},
};
use sqlx::{Connection, Executor, PgConnection};

const ROWS: u32 = 50_000;

/// Generous: on a busy machine a pause is mostly other people's work.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

async fn seed(database: &TestDatabase, rows: u32) {
    let mut connection = database.pool().acquire().await.unwrap();
    foreign_table::create(&mut connection, rows).await.unwrap();
}

/// Everything about the table that migrations could change.
async fn shape(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT relkind::text || ' ' || relname || coalesce(' ' || pg_get_indexdef(indexrelid), '')
         FROM pg_class
         LEFT JOIN pg_index ON indexrelid = oid
         WHERE relnamespace = 'public'::regnamespace
             AND relkind IN ('r', 'i', 'v', 'S')
             AND relname NOT LIKE '\\_sqlx%'
         UNION ALL
         SELECT 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
         FROM pg_attribute
         WHERE attrelid = 'users'::regclass AND attnum > 0
         UNION ALL
         SELECT 'constraint ' || conname FROM pg_constraint WHERE conrelid = 'users'::regclass
         UNION ALL
         SELECT 'function ' || proname FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%user%'
         UNION ALL
         SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = 'users'::regclass
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

async fn assert_no_drift(connection: &mut PgConnection) {
    let drift: Vec<(bool, bool, i64)> =
        sqlx::query_as("SELECT is_active, is_superuser, users FROM user_counts_drift")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    assert_eq!(drift, []);
    let wrong: i64 = sqlx::query_scalar("SELECT count(*) FROM user_signups_drift")
        .fetch_one(connection)
        .await
        .unwrap();
    assert_eq!(wrong, 0);
}

#[tokio::test]
#[expect(
    clippy::print_stdout,
    reason = "the figures are worth reading when the test is run by hand"
)]
async fn a_table_is_adopted_while_somebody_writes_and_given_back_as_it_was() {
    let database = TestDatabase::create_empty().await.unwrap();
    seed(&database, ROWS).await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let before = shape(&mut connection).await;
    let application = Application::start(database.url());

    let started = Instant::now();
    migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    let adopted_in = started.elapsed();
    let written = application.stop().await.unwrap();
    let longest = written.longest();
    println!(
        "adopted {ROWS} rows in {adopted_in:?}; {} written, longest pause {longest:?}",
        written.users
    );
    assert!(longest < LONGEST_PAUSE, "a writer waited {longest:?}");

    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(total, i64::from(ROWS + written.users));
    let changed: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE full_name = 'written'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(changed, i64::from(written.users));
    assert_no_drift(&mut connection).await;
    let adopted = shape(&mut connection).await;
    for expected in [
        "i ix_users_created_at CREATE INDEX ix_users_created_at ON public.users USING btree \
         (is_active, is_superuser, created_at, id) INCLUDE (username, email, full_name)",
        "column created_at timestamp with time zone true",
        "column updated_at timestamp with time zone false",
    ] {
        assert!(adopted.contains(&expected.to_owned()), "{adopted:#?}");
    }
    assert!(
        !adopted
            .iter()
            .any(|line| line.starts_with("i ") && line.contains("_before_rollcall ON"))
    );

    let applied = migrations::status(&mut connection).await.unwrap().len();
    migrations::down(&mut connection, applied).await.unwrap();
    assert_eq!(shape(&mut connection).await, before);
}

#[tokio::test]
async fn an_adoption_that_was_interrupted_anywhere_goes_on_from_there() {
    let database = TestDatabase::create_empty().await.unwrap();
    seed(&database, 100).await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let before = shape(&mut connection).await;
    migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    let adopted = shape(&mut connection).await;
    let all = migrations::status(&mut connection).await.unwrap().len();

    // As if it had ended before the indexes of the application were dropped.
    for statement in [
        "CREATE INDEX ix_users_created_at_before_rollcall ON users (created_at)",
        // As if it had ended while an index was built.
        "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'ix_users_folded'::regclass",
        "DELETE FROM _sqlx_migrations WHERE version = 31",
    ] {
        connection.execute(statement).await.unwrap();
    }
    migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    assert_eq!(shape(&mut connection).await, adopted);

    // Taken back one at a time, as by somebody who is interrupted after each.
    for _ in 0..all {
        migrations::down(&mut connection, 1).await.unwrap();
    }
    assert_eq!(shape(&mut connection).await, before);
}

#[tokio::test]
async fn the_index_that_searches_of_the_release_before_need_goes_with_the_next_deploy() {
    async fn indexes(connection: &mut PgConnection) -> Vec<String> {
        let names = shape(connection).await.into_iter().filter(|line| {
            line.starts_with("i ix_users_search ") || line.starts_with("i ix_users_folded ")
        });
        let name = |line: String| line.split(' ').nth(1).unwrap().to_owned();
        names.map(name).collect()
    }
    let database = TestDatabase::create().await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    assert_eq!(indexes(&mut connection).await, ["ix_users_folded"]);
    let migrations = migrations::status(&mut connection).await.unwrap();
    let steps = migrations
        .iter()
        .filter(|migration| migration.version >= 30);
    migrations::down(&mut connection, steps.count())
        .await
        .unwrap();
    assert_eq!(indexes(&mut connection).await, ["ix_users_search"]);
    migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    let both = ["ix_users_folded", "ix_users_search"];
    assert_eq!(indexes(&mut connection).await, both);
    migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    assert_eq!(indexes(&mut connection).await, ["ix_users_folded"]);
}

#[tokio::test]
async fn a_table_that_cannot_be_adopted_is_left_alone_and_its_owner_told_why() {
    for (spoil, reason) in [
        (
            "ALTER TABLE users DROP COLUMN password_hash",
            "users has no column password_hash (text): add it",
        ),
        (
            "ALTER TABLE users ALTER COLUMN created_at TYPE timestamp",
            "users.created_at is timestamp without time zone, not timestamp with time zone: if it \
             is in UTC, SET timezone = 'UTC'",
        ),
        (
            "ALTER TABLE users DROP COLUMN id; ALTER TABLE users ADD COLUMN id uuid PRIMARY KEY DEFAULT gen_random_uuid()",
            "users.id is uuid, not bigint",
        ),
        (
            "ALTER TABLE users ALTER COLUMN id DROP DEFAULT",
            "users.id has no default",
        ),
        (
            "UPDATE users SET is_active = NULL WHERE id < 4",
            "users without is_active: 3; UPDATE users SET is_active = ",
        ),
        (
            "INSERT INTO users (email, username, is_active, is_superuser, created_at)
             SELECT upper(email), id || '-', TRUE, FALSE, now() FROM users WHERE id < 3",
            "emails of more than one user when case is ignored: 2, listed by SELECT lower(email",
        ),
        (
            "INSERT INTO users (email, username, is_active, is_superuser, created_at)
             SELECT id || '-', upper(username), TRUE, FALSE, now() FROM users WHERE id = 3",
            "usernames of more than one user when case is ignored: 1, listed by SELECT lower(username",
        ),
        (
            "CREATE TABLE guests () INHERITS (users)",
            "users inherits from or to guests, whose rows would be listed and not counted",
        ),
        (
            "CREATE TABLE base (n integer); ALTER TABLE users ADD COLUMN n integer; ALTER TABLE users INHERIT base",
            "users inherits from or to base",
        ),
        (
            "CREATE RULE keep AS ON DELETE TO users DO INSTEAD NOTHING",
            "users has the rule keep",
        ),
        (
            "ALTER TABLE users ADD CONSTRAINT late UNIQUE (full_name) DEFERRABLE",
            "users has the deferrable constraint late",
        ),
        (
            "UPDATE users SET created_at = 'infinity' WHERE id = 1",
            "users whose created_at is infinite or not in the years 1 to 9999: 1, listed by SELECT id",
        ),
        (
            "UPDATE users SET updated_at = '12000-01-01' WHERE id < 3",
            "users whose updated_at is infinite or not in the years 1 to 9999: 2",
        ),
        (
            "ALTER TABLE users DROP COLUMN full_name;
             ALTER TABLE users ADD COLUMN full_name text GENERATED ALWAYS AS (username) STORED",
            "users.full_name is a generated column, which cannot be written",
        ),
        (
            "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people",
            "users is not an ordinary table",
        ),
        (
            "CREATE TABLE other (n integer); CREATE INDEX ix_users_search ON other (n)",
            "ix_users_search is not an index on users: rename it",
        ),
    ] {
        let database = TestDatabase::create_empty().await.unwrap();
        seed(&database, 10).await;
        database.pool().execute(spoil).await.unwrap();
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let before = shape(&mut connection).await;
        let refusal = migrations::up(&mut connection, &UsersTable::Unspecified)
            .await
            .unwrap_err();
        assert!(matches!(refusal, Error::NotAdoptable(_)), "{refusal}");
        let text = refusal.to_string();
        assert!(text.contains(reason), "{text}");
        assert!(!text.contains("@example.com"), "{text}");
        assert_eq!(shape(&mut connection).await, before, "after {spoil}");
    }
}

#[tokio::test]
async fn the_advice_for_times_without_zone_makes_a_table_that_is_adopted() {
    let database = TestDatabase::create_empty().await.unwrap();
    seed(&database, 10).await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for statement in [
        "SET timezone = 'UTC'",
        "ALTER TABLE users ALTER COLUMN created_at TYPE timestamp, ALTER COLUMN updated_at TYPE timestamp",
    ] {
        connection.execute(statement).await.unwrap();
    }
    let file = "SELECT pg_relation_filenode('users')";
    let before: u32 = file_of(&mut connection, file).await;
    for column in ["created_at", "updated_at"] {
        let statement = format!("ALTER TABLE users ALTER COLUMN {column} TYPE timestamptz");
        connection.execute(statement.as_str()).await.unwrap();
    }
    assert_eq!(
        file_of(&mut connection, file).await,
        before,
        "no row was written again"
    );
    migrations::up(&mut connection, &UsersTable::Unspecified)
        .await
        .unwrap();
    assert_no_drift(&mut connection).await;
}

async fn file_of(connection: &mut PgConnection, question: &str) -> u32 {
    let file: sqlx::postgres::types::Oid = sqlx::query_scalar(question)
        .fetch_one(connection)
        .await
        .unwrap();
    file.0
}
