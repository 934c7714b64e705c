use std::time::Duration;

use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, ORDINARY};

const STATS: &str = "/api/v1/dashboard/stats";

/// The lines that CloudWatch takes for metrics, less their timestamps.
pub fn metric_lines(logs: &str) -> Vec<Value> {
    logs.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line.get("_aws").is_some())
        .collect()
}

/// The lines of metrics, once there are this many: an instance may write them after its answer.
async fn await_metric_lines(api: &Api, count: usize) -> Vec<Value> {
    let look = async {
        loop {
            let lines = metric_lines(&api.logs());
            if lines.len() >= count {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(10), look).await;
    found.unwrap_or_else(|_| panic!("fewer than {count} lines: {}", api.logs()))
}

#[tokio::test]
async fn every_request_is_one_line_of_metrics_and_the_first_is_a_cold_start() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("stats").concurrency(1)).await;
    for _ in 0..2 {
        assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    }
    let lines = await_metric_lines(&api, 2).await;
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

/// Who did what, and to which trace it belongs, is in every line, also where nothing failed.
#[tokio::test]
async fn every_request_is_one_line_with_its_caller_and_its_trace() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("users")).await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let ordinary = rig::Request::get("/api/v1/users").bearer(&fixture.token(ORDINARY));
    let nobody = rig::Request::get("/api/v1/users?search=ada%40example.com");
    for (request, status, caller) in [
        (
            fixture.get("/api/v1/users?search=ada%40example.com"),
            200,
            json!("1"),
        ),
        (fixture.get("/api/v1/users/99"), 404, json!("1")),
        (ordinary, 403, json!("2")),
        (nobody, 401, Value::Null),
    ] {
        let response = api.send(&request.header("traceparent", trace)).await;
        assert_eq!(response.status, status);
        let id = response.header("x-request-id").unwrap();
        let line = api.log_line(&id, "request ").await;
        assert_eq!(line["status"], json!(status), "{line}");
        assert!(line["duration_ms"].is_u64(), "{line}");
        let span = &line["spans"][0];
        assert_eq!(span["traceparent"], trace, "{line}");
        assert_eq!(
            span.get("caller_id").unwrap_or(&Value::Null),
            &caller,
            "{line}"
        );
        assert!(
            span["route"]
                .as_str()
                .unwrap()
                .starts_with("GET /api/v1/users")
        );
        let about = |line: &&str| line.contains(&id);
        assert_eq!(api.logs().lines().filter(about).count(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_trace_that_is_none_is_not_repeated_in_the_log() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("stats")).await;
    for value in [
        "ada@example.com",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
    ] {
        let response = api
            .send(&fixture.get(STATS).header("traceparent", value))
            .await;
        let id = response.header("x-request-id").unwrap();
        let line = api.log_line(&id, "request answered").await;
        assert_eq!(line["spans"][0].get("traceparent"), None, "{line}");
    }
}

#[tokio::test]
async fn metrics_can_be_turned_off() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("stats").env("REQUEST_METRICS", "off")).await;
    assert_eq!(api.send(&fixture.get(STATS)).await.status, 200);
    assert_eq!(metric_lines(&api.logs()), Vec::<Value>::new());
}

#[tokio::test]
async fn a_logged_request_is_named_once_whatever_the_level() {
    let fixture = Fixture::new().await;
    for level in ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] {
        let builder = fixture
            .function("stats")
            .env("LOG_LEVEL", level)
            .env("DATABASE_URL", "postgres://app:app@127.0.0.1:1/app");
        let api = Api::start(builder).await;
        let response = api.send(&fixture.get(STATS)).await;
        assert_eq!(response.status, 503);
        let id = response.header("x-request-id").unwrap();
        assert_eq!(await_metric_lines(&api, 1).await.len(), 1, "{level}");
        let logs = api.logs();
        let at_error = |line: &&str| line.contains(&id) && line.contains("\"level\":\"ERROR\"");
        let lines: Vec<_> = logs.lines().filter(at_error).collect();
        let [line] = lines[..] else {
            panic!("{level}: {logs}")
        };
        assert_eq!(line.matches(&id).count(), 1, "{line}");
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["spans"][0]["request_id"], json!(id));
        assert!(line["spans"][0]["trace_id"].is_string(), "{line}");
    }
}

/// What the alarms of a small installation live on.
#[tokio::test]
async fn a_database_that_is_down_is_in_the_metrics_of_every_attempt() {
    let fixture = Fixture::new().await;
    let well = Api::start(fixture.function("health")).await;
    assert_eq!(well.send(&fixture.get("/health")).await.status, 200);
    assert_eq!(
        await_metric_lines(&well, 1).await[0]["healthy"],
        json!([1.0])
    );

    let url = crate::servers_in_trouble::closed_port().await;
    let down = |name: &str| fixture.function(name).env("DATABASE_URL", &url);
    let health = Api::start(down("health")).await;
    assert_eq!(health.send(&fixture.get("/health")).await.status, 503);
    assert_eq!(
        await_metric_lines(&health, 1).await[0]["healthy"],
        json!([0.0])
    );

    let stats = Api::start(down("stats")).await;
    assert_eq!(stats.send(&fixture.get(STATS)).await.status, 503);
    let line = await_metric_lines(&stats, 1).await.remove(0);
    let refused = line["db.client.connection.timeouts"].as_u64().unwrap();
    assert!(refused >= 1, "{line}");
}
