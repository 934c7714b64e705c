use std::collections::BTreeSet;
use std::path::Path;

use rig::{Function, Gateway, Response};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture};
use crate::leaks;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events");

/// Every event, function by function, and the status that it is answered with when user 1 is an
/// active superuser and the functions trust the claims of the gateway.
const HTTP_EVENTS: [(&str, &[(&str, u16)]); 4] = [
    (
        "stats",
        &[
            ("ok", 200),
            ("ok-v1", 200),
            ("fresh", 200),
            ("no-token", 401),
            ("no-token-v1", 401),
            ("unknown-parameter", 400),
            ("wrong-method", 405),
        ],
    ),
    (
        "users",
        &[
            ("ok", 200),
            ("ok-v1", 200),
            ("filtered", 200),
            ("filtered-v1", 200),
            ("search", 200),
            ("page-2", 200),
            ("look-up", 200),
            ("look-up-v1", 200),
            ("created-range", 200),
            ("search-with-look-up", 400),
            ("no-token", 401),
            ("no-token-v1", 401),
            ("no-token-alb", 401),
            ("no-token-function-url", 401),
            ("unknown-parameter", 400),
            ("unknown-parameter-v1", 400),
            ("size-too-large", 400),
            ("secret-sort", 400),
            ("repeated-parameter", 400),
            ("repeated-parameter-v1", 400),
            ("broken-cursor", 400),
            ("wrong-method", 405),
            ("one", 200),
            ("me", 200),
            ("create", 201),
            ("create-stored-email", 409),
            ("update", 200),
            ("update-stale", 412),
            ("update-self", 409),
            ("delete-dry-run", 200),
            ("delete-unknown", 404),
            ("bulk-update-dry-run", 200),
            ("bulk-update-count-differs", 409),
            ("bulk-delete", 200),
            ("restore-unknown", 404),
            ("export", 200),
            ("export-bad-cursor", 400),
            ("audit", 200),
            ("audit-bad-time", 400),
            ("history", 200),
        ],
    ),
    (
        "bulk-create",
        &[
            ("ok", 201),
            ("ok-v1", 201),
            ("base64", 201),
            ("csv", 201),
            ("ndjson", 201),
            ("skip-minimal", 201),
            ("idempotency-key", 201),
            ("dry-run", 200),
            ("no-token", 401),
            ("no-token-v1", 401),
            ("invalid-json", 400),
            ("invalid-json-v1", 400),
            ("not-an-array", 400),
            ("empty-array", 400),
            ("csv-unknown-column", 400),
            ("bad-rows", 422),
            ("stored-email", 409),
            ("wrong-content-type", 415),
            ("wrong-method", 405),
        ],
    ),
    (
        "health",
        &[
            ("ok", 200),
            ("ok-v1", 200),
            ("ok-alb", 200),
            ("ok-function-url", 200),
            ("probe", 200),
            ("live", 200),
            ("live-v1", 200),
            ("live-alb", 200),
            ("metrics", 200),
            ("metrics-v1", 200),
            ("metrics-no-token", 401),
            ("unknown-path", 404),
            ("wrong-method", 405),
        ],
    ),
];

/// Events of CloudFormation; what they are answered with is tested in `custom_resource`.
const CLOUDFORMATION_EVENTS: [&str; 3] = [
    "migrate-cloudformation-create.json",
    "migrate-cloudformation-delete.json",
    "migrate-cloudformation-update.json",
];

/// Events that are not HTTP requests.
const MIGRATE_EVENTS: [&str; 4] = [
    "migrate-clean.json",
    "migrate-up.json",
    "migrate-status.json",
    "migrate-default.json",
];

#[tokio::test]
async fn every_event_in_the_folder_is_answered_as_its_name_says() {
    let fixture = Fixture::new().await;
    for (function, cases) in HTTP_EVENTS {
        let builder = fixture
            .function(function)
            .without_env("JWT_KEY")
            .env("AUTH_MODE", "gateway");
        let api = Api::start(builder).await;
        for (case, status) in cases {
            let file = format!("{function}-{case}.json");
            let answer = api.invoke(read(&file)).await.into_response();
            let response = Response::from_event(&answer).unwrap();
            leaks::check_response(&response);
            assert_eq!(response.status, *status, "{file}: {}", response.text());
            // Events that create users use the same names, so that each can be tried by hand.
            sqlx::query("DELETE FROM users WHERE id > 3")
                .execute(fixture.database.pool())
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn every_event_of_migrate_is_understood() {
    let fixture = Fixture::new().await;
    let function = Function::builder("migrate").env("DATABASE_URL", fixture.database.url());
    let function = function.start().await.unwrap();
    for file in MIGRATE_EVENTS {
        let report = function.invoke(read(file)).await.into_response();
        let expected = if file == "migrate-clean.json" {
            json!({
                "deleted_keys": 0,
                "audit": { "created": 4, "dropped": 0, "deleted": 0 },
                "seal": null,
            })
        } else {
            json!({ "applied": [], "pending": [] })
        };
        assert_eq!(report, expected, "{file}");
    }
}

#[test]
fn no_event_in_the_folder_is_forgotten() {
    let used: BTreeSet<String> = HTTP_EVENTS
        .iter()
        .flat_map(|(function, cases)| {
            cases
                .iter()
                .map(move |(case, _)| format!("{function}-{case}.json"))
        })
        .chain(MIGRATE_EVENTS.map(str::to_owned))
        .chain(CLOUDFORMATION_EVENTS.map(str::to_owned))
        .collect();
    let present: BTreeSet<String> = Path::new(FOLDER)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(present, used);
}

#[tokio::test]
async fn the_events_have_the_shapes_that_the_rig_makes() {
    let request = rig::Request::get("/health");
    for (file, gateway) in [
        ("health-ok.json", Gateway::HttpApi),
        ("health-ok-v1.json", Gateway::RestApi),
        ("health-ok-alb.json", Gateway::LoadBalancer),
        ("health-ok-function-url.json", Gateway::FunctionUrl),
    ] {
        let event = read(file);
        assert_eq!(names(&event), names(&request.event(gateway)), "{file}");
    }
}

pub fn read(file: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn names(event: &Value) -> (BTreeSet<&String>, BTreeSet<&String>) {
    (
        event.as_object().unwrap().keys().collect(),
        event["requestContext"]
            .as_object()
            .unwrap()
            .keys()
            .collect(),
    )
}
