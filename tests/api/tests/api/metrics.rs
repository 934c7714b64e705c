use serde_json::json;

use crate::fixture::{Api, Fixture};

const METRICS: &str = "/api/v1/metrics/database";

#[tokio::test]
async fn the_pool_of_this_environment_is_shown_beside_what_the_server_sees() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("health").concurrency(1)).await;
    let _other = fixture.start("stats").await;
    let response = api.send(&fixture.get(METRICS)).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(
        response.json(),
        json!({
            "pool_size": 1,
            "checked_in": 1,
            "checked_out": 0,
            "overflow": 0,
            "total_connections": 1,
            "fleet": {
                "max_connections": 400,
                "connections": [
                    { "function": "health", "state": "active", "count": 1 },
                    { "function": "stats", "state": "idle", "count": 1 },
                ],
            },
        })
    );
}

#[tokio::test]
async fn the_pool_size_is_configured() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("health").env("DATABASE_POOL_SIZE", "5")).await;
    let body = api.send(&fixture.get(METRICS)).await.json();
    assert_eq!(body["pool_size"], 5);
    assert_eq!(body["total_connections"], 1);
}
