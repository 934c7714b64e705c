use std::time::{Duration, Instant, UNIX_EPOCH};

use rig::{Call, Gateway, Outcome, Request, Response};
use serde_json::json;
use sqlx::{Postgres, Transaction};

use crate::fixture::{Api, Fixture, assert_error};
use crate::leaks;

/// What is left of a second after the margin for the answer.
const ONE_SECOND: &str = "Request exceeded 0.8s timeout";

fn requests(fixture: &Fixture) -> [(&'static str, Request); 3] {
    let rows = json!([{ "email": "amy@example.com", "username": "amy" }]);
    [
        ("stats", fixture.get("/api/v1/dashboard/stats")),
        ("users", fixture.get("/api/v1/users")),
        (
            "bulk-create",
            fixture.post("/api/v1/users/bulk").json(&rows),
        ),
    ]
}

#[tokio::test]
async fn a_statement_behind_a_lock_is_a_504_and_stops_on_the_server() {
    for index in 0..3 {
        let fixture = Fixture::new().await;
        let (function, request) = requests(&fixture).into_iter().nth(index).unwrap();
        let api = fixture.start(function).await;
        make_known(&api, &request).await;
        let lock = lock_users(&fixture).await;
        let event = request.event(Gateway::HttpApi);
        let asked = Instant::now();
        let invocation = tokio::spawn(api.call(Call::new(event).timeout(Duration::from_secs(1))));
        wait_for_statements(&fixture, 1).await;
        let invocation = invocation.await.unwrap();

        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
        assert!(
            matches!(invocation.outcome, Outcome::Response(_)),
            "{invocation:?}"
        );
        let response = Response::from_event(&invocation.into_response()).unwrap();
        leaks::check_response(&response);
        assert_error(&response, 504, "request_timeout", ONE_SECOND);
        wait_for_statements(&fixture, 0).await;

        lock.rollback().await.unwrap();
        assert_eq!(fixture.count_users().await, 3);
        // The environment is as good as before.
        let next = api.send(&request).await;
        assert!(next.status < 300, "{}", next.text());
    }
}

#[tokio::test]
async fn the_configured_timeout_is_kept_too() {
    for index in 0..3 {
        let fixture = Fixture::new().await;
        let (function, request) = requests(&fixture).into_iter().nth(index).unwrap();
        let api = Api::start(
            fixture
                .function(function)
                .env("REQUEST_TIMEOUT_SECONDS", "1"),
        )
        .await;
        make_known(&api, &request).await;
        let lock = lock_users(&fixture).await;
        let asked = Instant::now();
        let response = api.send(&request).await;
        assert!(
            asked.elapsed() < Duration::from_millis(1300),
            "{:?}",
            asked.elapsed()
        );
        assert_error(
            &response,
            504,
            "request_timeout",
            "Request exceeded 1s timeout",
        );
        wait_for_statements(&fixture, 0).await;
        lock.rollback().await.unwrap();
        assert_eq!(fixture.count_users().await, 3);
    }
}

#[tokio::test]
async fn a_deadline_in_the_past_is_no_deadline() {
    let fixture = Fixture::new().await;
    for (function, request) in requests(&fixture) {
        let api = fixture.start(function).await;
        let stated = UNIX_EPOCH + Duration::from_mins(10);
        let call = Call::new(request.event(Gateway::HttpApi)).stated_deadline(stated);
        let response = Response::from_event(&api.call(call).await.into_response()).unwrap();
        assert!(response.status < 300, "{function}: {}", response.text());
    }
}

#[tokio::test]
async fn a_caller_whose_row_is_locked_away_gets_a_504_as_well() {
    let fixture = Fixture::new().await;
    let api = Api::start(
        fixture
            .function("health")
            .env("REQUEST_TIMEOUT_SECONDS", "1"),
    )
    .await;
    let lock = lock_users(&fixture).await;
    let response = api.send(&fixture.get("/api/v1/metrics/database")).await;
    assert_error(
        &response,
        504,
        "request_timeout",
        "Request exceeded 1s timeout",
    );
    lock.rollback().await.unwrap();
}

/// Sends a request that is refused after authentication: the caller is remembered then, and the next
/// request goes straight to the statement that it is about.
async fn make_known(api: &Api, request: &Request) {
    let refused = request.clone().query("unknown=1");
    assert_eq!(api.send(&refused).await.status, 400);
}

async fn lock_users(fixture: &Fixture) -> Transaction<'static, Postgres> {
    let mut transaction = fixture.database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// Waits until the server runs this many statements for our functions.
async fn wait_for_statements(fixture: &Fixture, wanted: i64) {
    let patience = Instant::now() + Duration::from_millis(700);
    loop {
        let running: i64 = sqlx::query_scalar(
            "SELECT count(*)
             FROM pg_stat_activity
             WHERE datname = current_database()
                 AND application_name LIKE 'rollcall-%'
                 AND state NOT IN ('idle', 'idle in transaction (aborted)')",
        )
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
        if running == wanted {
            return;
        }
        assert!(
            Instant::now() < patience,
            "{running} statements run, not {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
