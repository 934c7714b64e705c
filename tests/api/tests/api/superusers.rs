//! The first superuser, made with the migrate function.

use rig::{Function, Outcome, Request};
use serde_json::{Value, json};
use sqlx::Executor;

use crate::fixture::{Fixture, ORDINARY, RETIRED};

#[tokio::test]
async fn a_promoted_user_may_use_the_api_at_once() {
    let fixture = Fixture::new().await;
    let migrate = start(&fixture).await;
    let api = fixture.start("stats").await;
    let stats = Request::get("/api/v1/dashboard/stats");
    for (id, email) in [
        (ORDINARY, "ORDINARY@Example.com"),
        (RETIRED, "retired@example.com"),
    ] {
        let event = json!({ "command": "promote", "email": email });
        let report = migrate.invoke(event).await.into_response();
        assert_eq!(report, json!({ "superuser": { "id": id } }));
        let request = stats.clone().bearer(&fixture.token(id));
        assert_eq!(api.send(&request).await.status, 200, "{email}");
    }
    crate::leaks::check_logs(&migrate.logs());
}

#[tokio::test]
async fn a_created_superuser_may_use_the_api_at_once() {
    let fixture = Fixture::new().await;
    let migrate = start(&fixture).await;
    let event = json!({
        "command": "create-superuser",
        "email": "first@example.com",
        "username": "first",
        "full_name": "First Person",
    });
    let report = migrate.invoke(event.clone()).await.into_response();
    let id = report["superuser"]["id"].as_i64().unwrap();
    let api = fixture.start("stats").await;
    let stats = Request::get("/api/v1/dashboard/stats").bearer(&fixture.token(id));
    assert_eq!(api.send(&stats).await.json()["superusers"], 3);
    let again = refusal(&migrate, event).await;
    assert!(again.contains("use promote"), "{again}");
    crate::leaks::check_logs(&migrate.logs());
}

#[tokio::test]
async fn mistakes_are_named_and_change_nothing() {
    let fixture = Fixture::new().await;
    let migrate = start(&fixture).await;
    for (event, expected) in [
        (json!({ "command": "promote" }), "promote needs email"),
        (
            json!({ "command": "promote", "email": "nobody@example.com" }),
            "use create-superuser",
        ),
        (
            json!({ "command": "create-superuser", "email": "a@example.com" }),
            "needs email and username",
        ),
        (
            json!({ "command": "create-superuser", "email": "a b", "username": "a b" }),
            "email must be an address like name@example.com: it has no @; username may have",
        ),
        (
            json!({ "command": "up", "email": "a@example.com" }),
            "the others take neither",
        ),
    ] {
        let message = refusal(&migrate, event).await;
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_table_that_wants_a_password_is_told_from_a_fault() {
    let fixture = Fixture::new().await;
    let tighten = "DELETE FROM users WHERE password_hash IS NULL;
                   ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL";
    fixture.database.pool().execute(tighten).await.unwrap();
    let migrate = start(&fixture).await;
    let event = json!({
        "command": "create-superuser",
        "email": "first@example.com",
        "username": "first",
    });
    let message = refusal(&migrate, event).await;
    assert!(message.contains("then use promote"), "{message}");
    crate::leaks::check_logs(&migrate.logs());
}

async fn start(fixture: &Fixture) -> Function {
    Function::builder("migrate")
        .env("DATABASE_URL", fixture.database.url())
        .start()
        .await
        .unwrap()
}

async fn refusal(migrate: &Function, event: Value) -> String {
    let invocation = migrate.invoke(event).await;
    match invocation.outcome {
        Outcome::Error { message, .. } => message,
        other => panic!("{other:?}"),
    }
}
