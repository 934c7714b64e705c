//! `rollcall adopt` and `rollcall migrate`, on databases that other applications made.

use std::fs;

use rig::TestDatabase;
use serde_json::Value;
use servers::places::workspace_root;
use sqlx::Executor as _;

use super::Machine;

/// A database with a table of `docs/tables`.
async fn database(name: &str) -> TestDatabase {
    let path = workspace_root().join("docs/tables").join(name);
    let sql = fs::read_to_string(path.with_extension("sql")).unwrap();
    let database = TestDatabase::create_empty().await.unwrap();
    database.pool().execute(sql.as_str()).await.unwrap();
    database
}

async fn indexes_of_rollcall(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relname LIKE 'rollcall\\_%'")
        .fetch_one(database.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_table_is_found_shown_applied_and_given_back() {
    let database = database("06-django").await;
    let machine = Machine::new();
    let url = database.url();
    let shown = machine
        .output(&["adopt", "--database-url", url, "--output", "mapping.json"])
        .await;
    for part in [
        "public.auth_user",
        "full_name      nullif(btrim(\"first_name\" || ' ' || \"last_name\"), '')  shown and written",
        "is_staff = FALSE",
        "username: some users have the same username but for case",
        "PASSWORD_HASH=pbkdf2-django",
        "JWT_SUBJECT_CLAIM",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(
        !shown.contains("$600000$"),
        "a stored hash is shown: {shown}"
    );
    assert_eq!(indexes_of_rollcall(&database).await, 0);
    let json: Value = serde_json::from_str(
        &machine
            .output(&["adopt", "--database-url", url, "--json"])
            .await,
    )
    .unwrap();
    let mapping: Value = serde_json::from_str(&machine.read("mapping.json")).unwrap();
    assert_eq!(json["proposal"]["mapping"], mapping);

    let unasked = machine
        .run(&["adopt", "--database-url", url, "--apply"])
        .await;
    unasked.assert(2, "nobody can be asked here: give --yes");
    assert_eq!(indexes_of_rollcall(&database).await, 0);
    let applied = machine
        .run(&["adopt", "--database-url", url, "--apply", "--yes"])
        .await;
    applied.assert(0, "applied 0031 search folded");
    assert!(indexes_of_rollcall(&database).await > 4);
    let status = [
        "migrate",
        "status",
        "--database-url",
        url,
        "--mapping",
        "mapping.json",
    ];
    assert!(!machine.output(&status).await.contains("missing"));
    let again = machine.output(&["adopt", "--database-url", url]).await;
    assert!(
        again.starts_with("rollcall has adopted a table of this database already"),
        "{again}"
    );

    let remove = [
        "migrate",
        "remove",
        "--yes",
        "--database-url",
        url,
        "--mapping",
        "mapping.json",
    ];
    machine.output(&remove).await;
    assert_eq!(indexes_of_rollcall(&database).await, 0);
}

#[tokio::test]
async fn what_cannot_be_adopted_ends_with_one_clear_sentence() {
    let machine = Machine::new();
    machine.run(&["adopt"]).await.assert(
        2,
        "a database is needed: give --database-url or DATABASE_URL",
    );
    let nowhere = machine
        .run(&[
            "adopt",
            "--database-url",
            "postgres://nobody@127.0.0.1:1/none",
        ])
        .await;
    nowhere.assert(4, "no connection to database none on 127.0.0.1:1");
    let secret = machine
        .run(&["adopt", "--database-url", "mysql//app:hunter2@db"])
        .await;
    secret.assert(4, "must look like postgres://");
    assert!(!secret.stderr.contains("hunter2"), "{}", secret.stderr);

    let database = TestDatabase::create_empty().await.unwrap();
    let url = database.url();
    let empty = machine.output(&["adopt", "--database-url", url]).await;
    assert!(empty.starts_with("The database has no tables"), "{empty}");
    database
        .pool()
        .execute("CREATE TABLE orders (id integer PRIMARY KEY)")
        .await
        .unwrap();
    let none = machine.run(&["adopt", "--database-url", url]).await;
    none.assert(1, "no table looks like one of users");
    let missing = machine
        .run(&["adopt", "--database-url", url, "--table", "crm.people"])
        .await;
    missing.assert(1, "there is no table crm.people");
    database
        .pool()
        .execute("CREATE TABLE users (email text)")
        .await
        .unwrap();
    let refused = machine.run(&["adopt", "--database-url", url]).await;
    refused.assert(1, "public.users cannot be adopted");
    assert!(
        refused.stdout.contains("has no primary key"),
        "{}",
        refused.stdout
    );
}

#[tokio::test]
async fn the_schema_of_rollcalls_own_table_is_made_and_taken_back() {
    let database = TestDatabase::create_empty().await.unwrap();
    let machine = Machine::new();
    let url = database.url();
    let up = machine
        .output(&["migrate", "up", "--database-url", url])
        .await;
    assert!(up.starts_with("applied 0001 users"), "{up}");
    assert_eq!(
        machine
            .output(&["migrate", "up", "--database-url", url])
            .await,
        "nothing to do\n"
    );
    let own = machine.output(&["adopt", "--database-url", url]).await;
    assert!(own.contains("is rollcall's own"), "{own}");
    let down = [
        "migrate",
        "down",
        "--yes",
        "--steps",
        "1",
        "--json",
        "--database-url",
        url,
    ];
    let taken_back: Vec<String> = serde_json::from_str(&machine.output(&down).await).unwrap();
    assert_eq!(taken_back.len(), 1, "{taken_back:?}");
}
