use serde_json::{Value, json};

use crate::world::{Api, World};

const STATS: &str = "/api/v1/dashboard/stats";

/// The lines that CloudWatch takes for metrics, less their timestamps.
fn metric_lines(logs: &str) -> Vec<Value> {
    logs.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line.get("_aws").is_some())
        .collect()
}

#[tokio::test]
async fn every_request_is_one_line_of_metrics_and_the_first_is_a_cold_start() {
    let world = World::new().await;
    let api = Api::start(world.function("stats").concurrency(1)).await;
    for _ in 0..2 {
        assert_eq!(api.send(&world.get(STATS)).await.status, 200);
    }
    let lines = metric_lines(&api.logs());
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let [first, second] = &lines[..] else {
        unreachable!()
    };

    assert_eq!(first["requests"], json!(1));
    assert_eq!(first["cold_start"], json!(1));
    assert_eq!(first["db.client.connection.count"], json!(1.0));
    assert_eq!(first["db.client.connection.max"], json!(1.0));
    assert!(first["duration_ms"][0].as_f64().unwrap() > 0.0);
    assert_eq!(
        first["_aws"]["CloudWatchMetrics"][0]["Namespace"],
        "rollcall"
    );
    assert_eq!(
        first["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["function"]])
    );

    assert_eq!(second["requests"], json!(1));
    assert_eq!(second["cache_hit"], json!(1));
    assert_eq!(second.get("cold_start"), None);
    assert_eq!(second.get("errors"), None);
}
