use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rig::{Function, Request, Response};
use serde_json::json;

use crate::fixture::{Api, Fixture};
use crate::servers_in_trouble::{closed_port, rejecting_server, silent_server};

fn broken(database_url: &str) -> rig::FunctionBuilder {
    Function::builder("health")
        .env("DATABASE_URL", database_url)
        .env("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1")
        .env("AUTH_MODE", "gateway")
}

#[tokio::test]
async fn a_healthy_system_says_so_to_everybody() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("health").env("APP_NAME", "people")).await;
    let response = api.send(&Request::get("/health")).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    let body = response.json();
    let latency = &body["checks"]["database"]["latency_ms"];
    assert_eq!(
        body,
        json!({
            "status": "healthy",
            "app_name": "people",
            "version": env!("CARGO_PKG_VERSION"),
            "checks": {
                "database": { "status": "healthy", "provider": "postgresql", "latency_ms": latency },
            },
        })
    );
    assert!(
        (0.0..2000.0).contains(&latency.as_f64().unwrap()),
        "{latency}"
    );
}

#[tokio::test]
async fn monitors_may_add_parameters() {
    let fixture = Fixture::new().await;
    let api = fixture.start("health").await;
    for path in [
        "/health?cachebuster=1",
        "/health?1767225600",
        "/health/live?cb=9f2c",
    ] {
        let response = api.send(&Request::get(path)).await;
        assert_eq!(response.status, 200, "{path}: {}", response.text());
    }
}

#[tokio::test]
async fn a_database_that_is_down_makes_it_unhealthy_within_two_seconds() {
    let silent = silent_server().await;
    let rejecting = rejecting_server().await;
    for (url, error) in [
        (closed_port().await, "connection_refused"),
        (rejecting.url(), "authentication_failed"),
        (silent.url(), "timeout"),
    ] {
        let api = Api::start(broken(&url)).await;
        let asked = Instant::now();
        let response = api.send(&Request::get("/health")).await;
        assert!(
            asked.elapsed() < Duration::from_millis(2300),
            "{error}: {:?}",
            asked.elapsed()
        );
        assert_eq!(response.status, 503, "{error}");
        let body = response.json();
        let latency = &body["checks"]["database"]["latency_ms"];
        assert_eq!(
            body,
            json!({
                "status": "unhealthy",
                "app_name": "rollcall",
                "version": env!("CARGO_PKG_VERSION"),
                "checks": {
                    "database": {
                        "status": "unhealthy",
                        "provider": "postgresql",
                        "latency_ms": latency,
                        "error": error,
                    },
                },
            })
        );
    }
}

#[tokio::test]
async fn being_alive_does_not_depend_on_the_database() {
    let api = Api::start(broken(&closed_port().await)).await;
    let response = api.send(&Request::get("/health/live")).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(
        response.json(),
        json!({ "status": "healthy", "version": env!("CARGO_PKG_VERSION") })
    );
}

#[tokio::test]
async fn a_flood_of_probes_is_not_a_flood_of_queries() {
    let fixture = Fixture::new().await;
    let api = fixture.start("health").await;
    let probe = Request::get("/health");
    let asked = Instant::now();
    let answers = join_all((0..50).map(|_| api.send(&probe))).await;
    // A check that ran anew would hardly have taken the very same time.
    let rounds: HashSet<_> = answers.iter().map(Response::text).collect();
    let begun_seconds = asked.elapsed().as_secs() + 1;
    assert!(
        rounds.len() as u64 <= begun_seconds,
        "{} rounds of checks in {begun_seconds} seconds",
        rounds.len()
    );
}

#[tokio::test]
async fn probes_at_once_on_a_silent_database_share_one_round_of_checks() {
    let silent = silent_server().await;
    let builder = broken(&silent.url()).env("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "5");
    let api = Api::start(builder.concurrency(8)).await;
    let asked = Instant::now();
    let probes = join_all((0..8).map(|_| async {
        let response = api.send(&Request::get("/health")).await;
        (response, asked.elapsed())
    }));
    for (response, waited) in probes.await {
        assert_eq!(response.status, 503, "{}", response.text());
        assert!(waited < Duration::from_secs(3), "{waited:?}");
    }
}

#[tokio::test]
async fn health_recovers_with_the_database() {
    let fixture = Fixture::new().await;
    let api = fixture.start("health").await;
    assert_eq!(api.send(&Request::get("/health")).await.status, 200);
    sqlx::query(
        "SELECT pg_terminate_backend(pid)
         FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(fixture.database.pool())
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let response = api.send(&Request::get("/health")).await;
    assert_eq!(response.status, 200, "{}", response.text());
}
