use rig::{Function, Outcome, TestDatabase};
use serde_json::{Value, json};

use crate::fixture::Fixture;

#[tokio::test]
async fn an_empty_database_gets_all_migrations_once() {
    let database = TestDatabase::create_empty().await.unwrap();
    let function = start(database.url()).await;
    let pending = invoke(&function, json!({ "command": "status" })).await["pending"].clone();
    assert_eq!(pending[0], "0001 users");
    assert_eq!(
        invoke(&function, json!({})).await,
        json!({ "applied": pending, "pending": [] })
    );
    let nothing = json!({ "applied": [], "pending": [] });
    assert_eq!(invoke(&function, json!({ "command": "up" })).await, nothing);
    assert_eq!(
        invoke(&function, json!({ "command": "status" })).await,
        nothing
    );
}

#[tokio::test]
async fn two_deploys_at_the_same_time_do_not_get_in_each_others_way() {
    let database = TestDatabase::create_empty().await.unwrap();
    let (one, other) = (start(database.url()).await, start(database.url()).await);
    let (one, other) = tokio::join!(invoke(&one, json!({})), invoke(&other, json!({})));
    assert_eq!(
        (&one["pending"], &other["pending"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn an_unknown_command_changes_nothing() {
    let fixture = Fixture::new().await;
    let function = start(fixture.database.url()).await;
    for event in [json!({ "command": "down" }), json!({ "version": 1 })] {
        let invocation = function.invoke(event).await;
        assert!(
            matches!(invocation.outcome, Outcome::Error { .. }),
            "{invocation:?}"
        );
    }
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_database_that_is_down_is_an_error_that_shows_no_password() {
    let url = crate::servers_in_trouble::closed_port().await;
    let invocation = start(&url).await.invoke(json!({})).await;
    let Outcome::Error { message, .. } = invocation.outcome else {
        panic!("{invocation:?}");
    };
    assert!(
        message.contains("the database cannot be reached"),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
}

async fn start(database_url: &str) -> Function {
    Function::builder("migrate")
        .env("DATABASE_URL", database_url)
        .start()
        .await
        .unwrap()
}

async fn invoke(function: &Function, event: Value) -> Value {
    function.invoke(event).await.into_response()
}
