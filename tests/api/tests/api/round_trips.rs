//! What a warm request costs on the way to the database.

use rig::{Request, TcpProxy};

use crate::fixture::{Api, Fixture};

async fn round_trips_of(name: &str, request: &Request, settings: &[(&str, &str)]) -> u64 {
    let fixture = Fixture::new().await;
    let proxy = TcpProxy::to(fixture.server_port()).await.unwrap();
    let builder = fixture
        .function(name)
        .env("DATABASE_URL", proxy.url(fixture.database.url()))
        .envs(settings.iter().copied());
    let api = Api::start(builder).await;
    let request = request
        .clone()
        .bearer(&fixture.token(crate::fixture::ADMIN));
    // The first request prepares statements and looks up the caller.
    for _ in 0..2 {
        assert_eq!(api.send(&request).await.status, 200);
    }
    let (before, connections) = (proxy.round_trips(), proxy.connections());
    for _ in 0..10 {
        assert_eq!(api.send(&request).await.status, 200);
    }
    assert_eq!(proxy.connections(), connections);
    let round_trips = proxy.round_trips() - before;
    assert_eq!(round_trips % 10, 0, "{round_trips}");
    round_trips / 10
}

#[tokio::test]
async fn a_warm_uncached_list_costs_one_round_trip() {
    for (query, expected) in [
        ("", 1),
        ("?is_active=true&size=10", 1),
        ("?sort_by=email&page=1", 1),
        // A search that sees the whole list knows how many there are.
        ("?search=admin", 1),
    ] {
        let request = Request::get(&format!("/api/v1/users{query}"));
        let round_trips = round_trips_of("users", &request, &[]).await;
        assert_eq!(round_trips, expected, "{query}");
    }
}

#[tokio::test]
async fn one_user_costs_one_round_trip_and_a_change_in_the_log_three() {
    let get = Request::get("/api/v1/users/1");
    assert_eq!(round_trips_of("users", &get, &[]).await, 1);
    // BEGIN, the change with its guards and its entry in the log, COMMIT.
    for (id, patch) in [
        (1, serde_json::json!({ "full_name": null })),
        (
            2,
            serde_json::json!({ "is_active": false, "email": "somebody@example.com" }),
        ),
        (3, serde_json::json!({ "is_superuser": false })),
    ] {
        let patch = Request::new("PATCH", &format!("/api/v1/users/{id}"))
            .header("if-match", "*")
            .json(&patch);
        assert_eq!(round_trips_of("users", &patch, &[]).await, 3);
    }
}

#[tokio::test]
async fn warm_uncached_numbers_cost_one_round_trip_and_cached_ones_none() {
    let request = Request::get("/api/v1/dashboard/stats");
    let uncached = [("STATS_CACHE_SECONDS", "0")];
    assert_eq!(round_trips_of("stats", &request, &uncached).await, 1);
    assert_eq!(round_trips_of("stats", &request, &[]).await, 0);
}

#[tokio::test]
async fn a_pooler_costs_a_list_four_more_round_trips() {
    let request = Request::get("/api/v1/users");
    let pooled = [("DATABASE_POOLER", "true")];
    // BEGIN, Parse, Execute, Close, COMMIT.
    assert_eq!(round_trips_of("users", &request, &pooled).await, 5);
}
