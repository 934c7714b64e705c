//! What is written to tables of other applications, and what adoption makes and takes away.

use rig::TestDatabase;
use shared::platform::config::UsersTable;
use shared::store::bulk::{self, ImportRow, OnConflict, Written};
use shared::store::mapping::UserWrites;
use shared::store::migrations;
use shared::store::users::{self, OnDelete};
use shared::users::UserId;
use sqlx::{Connection, Executor, PgConnection};

use crate::foreign_tables::{ForeignTable, TABLES, assert_no_drift, row};

#[tokio::test]
async fn each_table_takes_new_and_changed_users_and_counts_them() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        let mapping = table.mapping.clone();
        let mapping = mapping.mapping().unwrap();
        let username = mapping.username.is_some().then_some("new");
        let new = row("New@example.com", username);
        let writes = UserWrites::new(Some(mapping));
        let written = bulk::write(&mut table.connection, writes, &[&new], OnConflict::Fail)
            .await
            .unwrap();
        let Written::All(users) = written else {
            panic!("{name}: {written:?}")
        };
        let user = &users[0].user;
        assert_eq!(user.email.as_deref(), Some("New@example.com"), "{name}");
        assert_eq!(user.username.as_deref(), username, "{name}");
        assert!(user.is_active && !user.is_superuser, "{name}");
        if mapping.full_name.is_some() {
            assert_eq!(user.full_name.as_deref(), Some("New Person"), "{name}");
        }
        if mapping.are_emails_unique() {
            let changed = ImportRow {
                is_active: mapping.is_active.as_ref().map(|_| false),
                ..new.clone()
            };
            let written = bulk::write(
                &mut table.connection,
                writes,
                &[&changed],
                OnConflict::Update,
            )
            .await
            .unwrap();
            let Written::All(users) = written else {
                panic!("{name}: {written:?}")
            };
            assert_eq!(users[0].user.id, user.id, "{name}");
            assert_eq!(
                users[0].user.is_active,
                mapping.is_active.is_none(),
                "{name}"
            );
        }
        assert_no_drift(&mut table.connection, name).await;
    }
}

#[tokio::test]
async fn each_table_is_given_back_as_it_was() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        let before = table.shape().await;
        table.adopt().await;
        assert_ne!(table.shape().await, before, "{name}");
        migrations::remove(&mut table.connection, &table.mapping)
            .await
            .unwrap();
        assert_eq!(table.shape().await, before, "{name}");
    }
}

#[tokio::test]
async fn what_the_application_writes_is_counted() {
    for (name, writes) in [
        (
            "04-benavlabs",
            [
                "UPDATE \"user\" SET is_deleted = TRUE WHERE username = 'boss'",
                "UPDATE \"user\" SET is_deleted = FALSE",
                "DELETE FROM \"user\" WHERE username = 'left'",
            ],
        ),
        (
            "10-better-auth",
            [
                "UPDATE \"user\" SET banned = TRUE",
                "UPDATE \"user\" SET role = 'admin' WHERE name = 'New'",
                "DELETE FROM \"user\" WHERE role = 'user'",
            ],
        ),
        (
            "07-laravel",
            [
                "INSERT INTO public.users (name, email, password) VALUES ('A', 'a@lv.example', 'x')",
                "UPDATE public.users SET created_at = now()",
                "DELETE FROM public.users WHERE name = 'A'",
            ],
        ),
    ] {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        for write in writes {
            table.connection.execute(write).await.unwrap();
            assert_no_drift(&mut table.connection, write).await;
        }
    }
}

#[tokio::test]
async fn many_that_the_application_writes_at_once_are_added_up_at_once() {
    let mut table = ForeignTable::create("07-laravel").await;
    table.adopt().await;
    let write = "INSERT INTO public.users (name, email, password, created_at)
                 SELECT n, n || '@lv.example', 'x', now() - n * INTERVAL '3 hours'
                 FROM generate_series(1, 9000) AS n";
    table.connection.execute(write).await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM rollcall.user_count_changes")
        .fetch_one(&mut table.connection)
        .await
        .unwrap();
    assert_eq!(left, 0);
    assert_no_drift(&mut table.connection, write).await;
}

#[tokio::test]
async fn a_mapping_that_cannot_work_changes_nothing_and_says_why() {
    let mut table = ForeignTable::create("06-django").await;
    let before = table.shape().await;
    for (mapping, reason) in [
        (
            r#"{"table": "nobody", "id": {"column": "id"}, "email": "email"}"#,
            "there is no table nobody",
        ),
        (
            r#"{"table": "auth_user", "id": {"column": "id", "type": "uuid"}, "email": "mail", "created_at": "username"}"#,
            "email is mapped to the column mail, which the table does not have; it has id, password, last_login, \
             is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined; created_at is \
             mapped to the column username, which is character varying and not a time: convert it with \"sql\"; the \
             id id is integer: \"type\" has to be integer, uuid or text, as it is",
        ),
        (
            r#"{"table": "auth_user", "id": {"column": "id"}, "email": {"sql": "concat_ws('', email)", "unique": false}}"#,
            "the mapping does not work on public.auth_user: functions in index expression must be marked IMMUTABLE",
        ),
        (
            r#"{"table": "auth_user", "id": {"column": "id"}, "email": "email", "username": "username"}"#,
            "usernames of more than one user when case is ignored: 1, listed by",
        ),
    ] {
        let mapping = UsersTable::parse(mapping).unwrap();
        let refusal = migrations::up(&mut table.connection, &mapping)
            .await
            .unwrap_err()
            .to_string();
        assert!(refusal.contains(reason), "{refusal}");
        let mut after = table.shape().await;
        after.retain(|line| line != "schema rollcall");
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn a_database_with_other_tables_gets_no_second_users_table_unasked() {
    let database = TestDatabase::create_empty().await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    connection
        .execute("CREATE TABLE auth_user (id integer PRIMARY KEY)")
        .await
        .unwrap();
    let refusal = migrations::up(&mut connection, &UsersTable::Unspecified).await;
    let refusal = refusal.unwrap_err().to_string();
    assert!(
        refusal.contains("has tables (auth_user), and none is named users"),
        "{refusal}"
    );
    migrations::up(&mut connection, &UsersTable::Own)
        .await
        .unwrap();
}

#[tokio::test]
async fn nobody_but_the_owner_may_execute_a_function_that_a_mapping_made() {
    let mut table = ForeignTable::create("10-better-auth").await;
    table.adopt().await;
    let functions: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT
             proname::text,
             has_function_privilege('public', oid, 'EXECUTE'),
             coalesce(array_to_string(proconfig, ' ') LIKE '%search_path=rollcall, pg_temp%', FALSE)
         FROM pg_proc
         WHERE pronamespace = 'rollcall'::regnamespace
             AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
         ORDER BY proname",
    )
    .fetch_all(&mut table.connection)
    .await
    .unwrap();
    assert_eq!(functions.len(), 7, "{functions:?}");
    for (name, is_public, has_path) in functions {
        assert!(!is_public && has_path, "{name}");
    }
    // The trigger functions are of no use on another table.
    table
        .connection
        .execute("CREATE TABLE public.other (n integer)")
        .await
        .unwrap();
    let stolen = "CREATE TRIGGER t AFTER TRUNCATE ON public.other
                  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.count_truncated_users()";
    table.connection.execute(stolen).await.unwrap();
    let refused = table.connection.execute("TRUNCATE public.other").await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("for triggers on one table alone"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_tables_that_refer_to_a_mapped_user_are_found() {
    for (name, id, table, on_delete) in [
        ("01-seed-windx", "2", "sessions", OnDelete::Cascade),
        (
            "02-full-stack-template",
            "0191a5c0-0000-7000-8000-000000000002",
            "item",
            OnDelete::Cascade,
        ),
        (
            "09-flask-appbuilder",
            "1",
            "ab_user_role",
            OnDelete::Restrict,
        ),
    ] {
        let mut adopted = ForeignTable::create(name).await;
        adopted.adopt().await;
        let mapping = adopted.mapping.clone();
        let id = UserId::parse(id, mapping.id_kind()).unwrap();
        let found = users::find_references(&mut adopted.connection, id, mapping.mapping())
            .await
            .unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].table, table);
        assert_eq!(found[0].on_delete, on_delete);
        assert_eq!(found[0].rows, Some(1));
    }
}
