//! What the roles of docs/operations.md may do, and nobody else.

use rig::TestDatabase;
use shared::platform::config::UsersTable;
use shared::store::{audit::maintain_partitions, migrations};
use sqlx::Executor;

use crate::rights::{OUR_FUNCTIONS, session};

/// The guide to an existing table, which says what rights rollcall needs.
const GUIDE: &str = include_str!("../../../docs/operations.md");

/// The statements of the guide that give a role its rights.
pub fn documented_rights(database: &str, role: &str) -> String {
    let (_, rest) = GUIDE.split_once("CREATE ROLE rollcall LOGIN").unwrap();
    let (statements, _) = rest.split_once("```").unwrap();
    let statements: String = statements
        .lines()
        .skip(1)
        .map(|line| {
            line.replace("rollcall", role)
                .replace("DATABASE app", &format!("DATABASE {database}"))
        })
        .collect();
    assert!(
        statements.contains("GRANT SELECT, INSERT, UPDATE, DELETE ON users"),
        "{statements}"
    );
    statements
}

#[tokio::test]
async fn every_function_is_for_its_owner_alone_and_has_a_path_written_out() {
    let database = TestDatabase::create().await.unwrap();
    let functions: Vec<(String, bool, Option<String>, bool, bool)> = sqlx::query_as(&format!(
        "SELECT
             oid::regprocedure::text,
             has_function_privilege('public', oid, 'EXECUTE'),
             (SELECT setting FROM unnest(proconfig) AS setting WHERE setting LIKE 'search_path=%'),
             prorettype = 'trigger'::regtype,
             prosecdef
         FROM pg_proc
         WHERE oid IN ({OUR_FUNCTIONS})"
    ))
    .fetch_all(database.pool())
    .await
    .unwrap();
    assert!(functions.len() >= 6, "{functions:?}");
    let mut trigger_functions = Vec::new();
    for (function, is_public, path, is_trigger, is_definer) in functions {
        assert!(!is_public, "PUBLIC may execute {function}");
        assert_eq!(
            path.as_deref(),
            Some("search_path=public, pg_temp"),
            "{function}"
        );
        if is_trigger && is_definer {
            trigger_functions.push(function);
        }
    }
    // Where an ACL is lost, the function itself must refuse every other table.
    let mut connection = database.pool().acquire().await.unwrap();
    for function in trigger_functions {
        for statement in [
            "DROP TABLE IF EXISTS other",
            "CREATE TABLE other (LIKE users)",
            &format!(
                "CREATE TRIGGER other BEFORE INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION {function}"
            ),
        ] {
            connection.execute(statement).await.unwrap();
        }
        let refusal = connection
            .execute("INSERT INTO other SELECT 1, 'a', 'a', NULL, NULL, TRUE, TRUE, now(), now()")
            .await
            .unwrap_err();
        let expected = format!("{function} is for triggers on users alone");
        assert!(refusal.to_string().ends_with(&expected), "{refusal}");
    }
}

#[tokio::test]
async fn the_role_of_the_api_adds_to_the_log_of_changes_and_takes_nothing_from_it() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let role = format!("{}_role", database.name());
    let rights = documented_rights(database.name(), &role);
    pool.execute(format!("CREATE ROLE {role}; {rights}").as_str())
        .await
        .unwrap();
    maintain_partitions(&mut pool.acquire().await.unwrap(), None)
        .await
        .unwrap();
    let mut api = session(&database, &role).await;
    let insert = "INSERT INTO user_audit (action, actor_kind) VALUES ('user.create', 'operator')";
    api.execute(insert).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'user_audit'::regclass",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(tables.len(), 5, "{tables:?}");
    for table in tables.iter().map(String::as_str).chain(["user_audit"]) {
        for statement in [
            "UPDATE {} SET actor_id = 1",
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
        ] {
            let statement = statement.replace("{}", table);
            let refused = api.execute(statement.as_str()).await.unwrap_err();
            let code = refused
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code);
            assert_eq!(code.as_deref(), Some("42501"), "{statement}");
        }
    }
    let maintained = maintain_partitions(&mut api, Some(1)).await.unwrap();
    assert_eq!(maintained, None);
    let entries: i64 = sqlx::query_scalar("SELECT count(*) FROM user_audit")
        .fetch_one(&mut api)
        .await
        .unwrap();
    assert_eq!(entries, 1);
}

#[tokio::test]
async fn erasing_who_is_no_user_is_the_one_thing_that_the_role_of_the_api_does_as_the_owner_of_the_log()
 {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let role = format!("{}_role", database.name());
    let rights = documented_rights(database.name(), &role);
    pool.execute(format!("CREATE ROLE {role}; {rights}").as_str())
        .await
        .unwrap();
    let granted: Vec<String> = sqlx::query_scalar(&format!(
        "SELECT proname::text FROM pg_proc
         WHERE oid IN ({OUR_FUNCTIONS}) AND has_function_privilege($1, oid, 'EXECUTE') ORDER BY 1"
    ))
    .bind(&role)
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(granted, ["compact_user_counts", "erase_user_from_log"]);
    pool.execute(
        "INSERT INTO users (email, username) VALUES ('one@x.com', 'one');
         INSERT INTO user_audit (action, actor_kind, target_id, after)
         SELECT 'user.create', 'operator', id, '{\"username\": \"one\"}' FROM users",
    )
    .await
    .unwrap();
    let mut api = session(&database, &role).await;
    let erase = "SELECT erase_user_from_log(id, 1, NULL, 'r') FROM (SELECT max(target_id) AS id FROM user_audit) AS last";
    let refused = api.execute(erase).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .ends_with("a user cannot be erased from the log"),
        "{refused}"
    );
    pool.execute("DELETE FROM users").await.unwrap();
    api.execute(erase).await.unwrap();
    let entries: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT action, after::text FROM user_audit ORDER BY id")
            .fetch_all(&mut api)
            .await
            .unwrap();
    let expected = ["user.create", "user.erase"].map(|action| (action.to_owned(), None));
    assert_eq!(entries, expected);
    let seals = api.execute("SELECT FROM user_audit_seals").await;
    assert!(seals.unwrap_err().to_string().contains("permission denied"));
}

#[tokio::test]
async fn a_role_that_wrote_users_before_the_log_was_made_can_go_on() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let role = format!("{}_role", database.name());
    let mut owner = pool.acquire().await.unwrap();
    let all = migrations::status(&mut owner).await.unwrap();
    let later = all.iter().filter(|migration| migration.version >= 23);
    migrations::down(&mut owner, later.count()).await.unwrap();
    pool.execute(
        format!("CREATE ROLE {role}; GRANT INSERT ON idempotency_keys TO {role}").as_str(),
    )
    .await
    .unwrap();
    migrations::up(&mut owner, &UsersTable::Unspecified)
        .await
        .unwrap();
    let rights: Vec<String> = sqlx::query_scalar(
        "SELECT privilege_type FROM pg_class CROSS JOIN aclexplode(relacl)
         WHERE pg_class.oid = 'user_audit'::regclass AND grantee = $1::regrole ORDER BY 1",
    )
    .bind(&role)
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(rights, ["INSERT", "SELECT"]);
}
