use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, select};
use rig::{Request, Response, TcpProxy};
use serde_json::json;

use crate::fixture::{ADMIN, Api, Fixture, assert_error};
use crate::servers_in_trouble::{closed_port, rejecting_server, silent_server};

/// The longest that anybody should wait to hear that the database is down.
const QUICKLY: Duration = Duration::from_secs(2);

#[track_caller]
fn assert_unavailable(response: &Response) {
    let message = "The database cannot be reached at the moment; try again shortly";
    assert_error(response, 503, "database_unavailable", message);
    assert_eq!(response.header("retry-after").unwrap(), "2");
}

fn requests(token: &str) -> [(&'static str, Request); 3] {
    let rows = json!([{ "email": "amy@example.com", "username": "amy" }]);
    [
        (
            "stats",
            Request::get("/api/v1/dashboard/stats").bearer(token),
        ),
        ("users", Request::get("/api/v1/users").bearer(token)),
        (
            "bulk-create",
            Request::post("/api/v1/users/bulk")
                .bearer(token)
                .json(&rows),
        ),
    ]
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_a_quick_503() {
    let fixture = Fixture::new().await;
    let silent = silent_server().await;
    let rejecting = rejecting_server().await;
    let urls = [closed_port().await, rejecting.url(), silent.url()];
    for (function, request) in requests(&fixture.token(ADMIN)) {
        for url in &urls {
            let builder = fixture
                .function(function)
                .env("DATABASE_URL", url)
                .env("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1");
            let api = Api::start(builder).await;
            let asked = Instant::now();
            assert_unavailable(&api.send(&request).await);
            assert!(
                asked.elapsed() < QUICKLY,
                "{function}: {:?}",
                asked.elapsed()
            );
        }
    }
}

#[tokio::test]
async fn a_function_that_started_without_its_database_works_when_it_is_back() {
    let fixture = Fixture::new().await;
    let missing = format!("{}_later", fixture.database.name());
    let url = fixture
        .database
        .url()
        .replace(fixture.database.name(), &missing);
    let api = Api::start(fixture.function("users").env("DATABASE_URL", &url)).await;
    assert_unavailable(&api.send(&fixture.get("/api/v1/users")).await);

    let rename = async |from: &str, to: &str| {
        let server = std::env::var("TEST_DATABASE_URL").unwrap();
        let mut connection: sqlx::PgConnection = sqlx::Connection::connect(&server).await.unwrap();
        sqlx::query(&format!(r#"ALTER DATABASE "{from}" RENAME TO "{to}""#))
            .execute(&mut connection)
            .await
            .unwrap();
    };
    fixture.database.pool().close().await;
    rename(fixture.database.name(), &missing).await;
    let response = api.send(&fixture.get("/api/v1/users")).await;
    assert_eq!(response.status, 200, "{}", response.text());
    drop(api);
    rename(&missing, fixture.database.name()).await;
}

#[tokio::test]
async fn a_read_over_a_connection_that_the_server_closed_succeeds() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    assert_eq!(api.send(&fixture.get("/api/v1/users")).await.status, 200);
    sqlx::query(
        "SELECT pg_terminate_backend(pid)
         FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'rollcall-users'",
    )
    .execute(fixture.database.pool())
    .await
    .unwrap();
    let response = api.send(&fixture.get("/api/v1/users")).await;
    assert_eq!(response.status, 200, "{}", response.text());
}

#[tokio::test]
async fn a_request_that_finds_no_free_connection_is_a_503() {
    let fixture = Fixture::new().await;
    let builder = fixture
        .function("users")
        .concurrency(2)
        .env("DATABASE_POOL_SIZE", "1")
        .env("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1");
    let api = Api::start(builder).await;
    assert_eq!(api.send(&fixture.get("/api/v1/users")).await.status, 200);
    let mut lock = fixture.database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let request = fixture.get("/api/v1/users");
    let (one, other) = (pin!(api.send(&request)), pin!(api.send(&request)));
    let (refused, other) = select(one, other).await.factor_first();
    assert_unavailable(&refused);
    lock.rollback().await.unwrap();
    let served = other.await;
    assert_eq!(served.status, 200, "{}", served.text());
}

#[tokio::test]
async fn a_broken_schema_is_a_500_that_says_nothing() {
    let fixture = Fixture::new().await;
    for (function, request) in requests(&fixture.token(ADMIN)) {
        let api = fixture.start(function).await;
        let rename = async |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            sqlx::query(&sql)
                .execute(fixture.database.pool())
                .await
                .unwrap();
        };
        rename("users", "gone").await;
        let message = "Something went wrong on our side; the request id helps us find it";
        assert_error(&api.send(&request).await, 500, "internal", message);
        rename("gone", "users").await;
    }
}

#[tokio::test]
async fn eight_requests_at_once_in_one_instance_are_all_answered() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("users").concurrency(8)).await;
    let request = fixture.get("/api/v1/users?size=1");
    let responses = join_all((0..200).map(|_| api.send(&request))).await;
    for response in responses {
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.json()["items"][0]["id"], 3);
    }
}

#[tokio::test]
async fn all_who_ask_for_the_same_numbers_share_the_wait_for_a_database_that_is_silent() {
    let fixture = Fixture::new().await;
    let proxy = TcpProxy::to(fixture.server_port()).await.unwrap();
    let builder = fixture
        .function("stats")
        .env("DATABASE_URL", proxy.url(fixture.database.url()))
        .env("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1")
        .env("STATS_STALE_SECONDS", "0");
    let api = Api::start(builder.concurrency(8)).await;
    let request = fixture
        .get("/api/v1/dashboard/stats")
        .header("cache-control", "no-cache");
    assert_eq!(api.send(&request).await.status, 200);
    fixture.end_sessions().await;
    proxy.blackhole_all();
    let asked = Instant::now();
    let answers = join_all((0..8).map(|_| async {
        let response = api.send(&request).await;
        assert_unavailable(&response);
        assert!(asked.elapsed() < QUICKLY, "{:?}", asked.elapsed());
    }));
    answers.await;
}
