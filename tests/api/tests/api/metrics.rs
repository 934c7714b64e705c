use serde_json::json;

use crate::world::{Api, World};

const METRICS: &str = "/api/v1/metrics/database";

#[tokio::test]
async fn the_pool_of_this_environment_is_shown_in_five_numbers() {
    let world = World::new().await;
    let api = world.start("health").await;
    let response = api.send(&world.get(METRICS)).await;
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
        })
    );
}

#[tokio::test]
async fn the_pool_size_is_configured() {
    let world = World::new().await;
    let api = Api::start(world.function("health").env("DATABASE_POOL_SIZE", "5")).await;
    let body = api.send(&world.get(METRICS)).await.json();
    assert_eq!(body["pool_size"], 5);
    assert_eq!(body["total_connections"], 1);
}
