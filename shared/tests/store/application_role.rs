//! The role that `migrate` makes for the functions.

use rig::TestDatabase;
use shared::platform::config::UsersTable;
use shared::store::application_role::{Error, ensure};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

use crate::granted_rights::documented_rights;

async fn connect_as(
    database: &TestDatabase,
    role: &str,
    password: &str,
) -> Result<PgConnection, sqlx::Error> {
    let options: PgConnectOptions = database.url().parse().unwrap();
    PgConnection::connect_with(&options.username(role).password(password)).await
}

async fn owner(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(database.url()).await.unwrap()
}

#[tokio::test]
async fn the_role_changes_users_and_neither_tables_nor_the_log() {
    let database = TestDatabase::create().await.unwrap();
    let (role, mut owner) = (database.name(), owner(&database).await);
    ensure(&mut owner, &UsersTable::default(), role, "pass word'1")
        .await
        .unwrap();
    let mut connection = connect_as(&database, role, "pass word'1").await.unwrap();
    for allowed in [
        "INSERT INTO users (email, username) VALUES ('one@x.com', 'one')",
        "UPDATE users SET is_active = FALSE",
        "SELECT * FROM user_count_totals, user_count_changes, user_signups",
        "SELECT compact_user_counts()",
        "DELETE FROM users",
    ] {
        let outcome = connection.execute(allowed).await;
        assert!(outcome.is_ok(), "{allowed}: {outcome:?}");
    }
    for refused in [
        "ALTER TABLE users ADD COLUMN x integer",
        "TRUNCATE users",
        "UPDATE user_audit SET action = action",
        "DELETE FROM user_audit",
        "SELECT * FROM _sqlx_migrations",
        "CREATE ROLE other_of_this_test",
        "DROP TABLE users",
    ] {
        let error = connection.execute(refused).await.unwrap_err();
        let error = error.into_database_error().unwrap();
        assert_eq!(error.code().as_deref(), Some("42501"), "{refused}: {error}");
    }
}

#[tokio::test]
async fn the_password_follows_the_secret_at_every_deploy() {
    let database = TestDatabase::create().await.unwrap();
    let (role, mut owner) = (database.name(), owner(&database).await);
    for password in ["first", "second", "second"] {
        ensure(&mut owner, &UsersTable::default(), role, password)
            .await
            .unwrap();
        assert!(
            connect_as(&database, role, password).await.is_ok(),
            "{password}"
        );
    }
    assert!(connect_as(&database, role, "first").await.is_err());
}

#[tokio::test]
async fn a_role_of_somebody_else_keeps_its_password() {
    let database = TestDatabase::create().await.unwrap();
    let (role, mut owner) = (database.name(), owner(&database).await);
    let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'theirs'");
    owner.execute(create.as_str()).await.unwrap();
    let outcome = ensure(&mut owner, &UsersTable::default(), role, "ours").await;
    assert!(matches!(outcome, Err(Error::Foreign)), "{outcome:?}");
    assert!(connect_as(&database, role, "theirs").await.is_ok());
}

/// Whoever makes the role by hand gives it the same.
#[tokio::test]
async fn the_rights_are_those_of_the_guide() {
    let database = TestDatabase::create().await.unwrap();
    let mut owner = owner(&database).await;
    let (made, by_hand) = (
        database.name().to_owned(),
        format!("{}_hand", database.name()),
    );
    ensure(&mut owner, &UsersTable::default(), &made, "password")
        .await
        .unwrap();
    let rights = documented_rights(database.name(), &by_hand);
    let create = format!("CREATE ROLE {by_hand} LOGIN; {rights}");
    sqlx::raw_sql(&create).execute(&mut owner).await.unwrap();
    let mut lists = Vec::new();
    for role in [&made, &by_hand] {
        let list: Vec<String> = sqlx::query_scalar(
            "SELECT table_name || ' ' || privilege_type FROM information_schema.role_table_grants
             WHERE grantee = $1
             UNION ALL
             SELECT routine_name || ' ' || privilege_type FROM information_schema.role_routine_grants
             WHERE grantee = $1
             UNION ALL
             SELECT object_name || ' ' || privilege_type FROM information_schema.role_usage_grants
             WHERE grantee = $1
             ORDER BY 1",
        )
        .bind(role)
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert!(list.len() > 12, "{list:?}");
        lists.push(list);
    }
    assert_eq!(lists[0], lists[1]);
}
