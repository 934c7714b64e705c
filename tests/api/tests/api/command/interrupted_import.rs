//! Imports whose answers get lost, and that die and go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use rig::{Function, FunctionBuilder};
use tokio::net::TcpListener;

use super::{Machine, csv};
use crate::fixture::{ADMIN, Fixture};

/// An HTTP server in front of a function.
pub(super) struct LossyGateway {
    function: Function,
    requests: AtomicUsize,
    /// After this many requests, again and again, the function works and its answer gets lost.
    loses_every: usize,
}

impl LossyGateway {
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// A front that runs, and the URL where.
pub(super) async fn start(
    function: FunctionBuilder,
    loses_every: usize,
) -> (Arc<LossyGateway>, String) {
    let front = Arc::new(LossyGateway {
        function: function.start().await.unwrap(),
        requests: AtomicUsize::new(0),
        loses_every,
    });
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .fallback(forward)
        .with_state(Arc::clone(&front));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (front, url)
}

async fn forward(State(front): State<Arc<LossyGateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().unwrap().as_str();
    let mut forwarded = rig::Request::new(parts.method.as_str(), target);
    // The gateway has a host of its own.
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != "host") {
        forwarded = forwarded.header(name.as_str(), value.to_str().unwrap());
    }
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let answer = front.function.send(&forwarded.body(body)).await;
    let number = 1 + front.requests.fetch_add(1, Ordering::Relaxed);
    if number.is_multiple_of(front.loses_every) {
        let mut lost = Response::new(Body::from("the gateway lost the answer"));
        *lost.status_mut() = StatusCode::BAD_GATEWAY;
        return lost;
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status.try_into().unwrap();
    *response.headers_mut() = answer.headers;
    response
}

#[tokio::test]
async fn lost_answers_make_no_doubles() {
    let fixture = Fixture::new().await;
    let (front, url) = start(fixture.function("bulk-create"), 3).await;
    let machine = Machine::of(&fixture, &url);
    let elements: Vec<_> = (0..100)
        .map(|n| format!(" {{\"email\": \"u{n}@example.com\",\n  \"username\": \"u{n}\"}}"))
        .collect();
    machine.write("users.json", format!("[\n{}\n]\n", elements.join(",\n")));
    let import = ["import", "users.json", "--yes", "--batch", "20"];
    assert_eq!(
        machine.output(&import).await,
        "100 created, 0 updated, 0 skipped, 0 rejected\n"
    );
    assert!(front.requests() > 5, "no answer was lost");
    assert_eq!(machine.files(), ["users.json"]);
    assert_eq!(fixture.count_users().await, 103);
}

#[tokio::test]
async fn an_import_that_dies_goes_on_where_it_was() {
    let fixture = Fixture::new().await;
    let (front, url) = start(fixture.function("bulk-create"), usize::MAX).await;
    let machine = Machine::of(&fixture, &url);
    let lines: String = (0..600)
        .map(|n| match n {
            7 | 407 => "nonsense\n".to_owned(),
            _ => format!("{{\"email\":\"u{n}@example.com\",\"username\":\"u{n}\"}}\n"),
        })
        .collect();
    machine.write("users.ndjson", lines);
    let import = ["import", "users.ndjson", "--yes", "--batch", "20"];
    for round in 1..=4 {
        let mut child = machine.command(&import).spawn().unwrap();
        while front.requests() < round * 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().await.unwrap();
    }
    let dry_run = [&import[..], &["--dry-run"]].concat();
    machine
        .run(&dry_run)
        .await
        .assert(2, "an earlier import was interrupted");
    let ended = machine.run(&import).await;
    ended.assert(1, "going on after");
    assert_eq!(
        ended.stdout,
        "598 created, 0 updated, 0 skipped, 2 rejected\n"
    );
    assert_eq!(
        machine.read("users.ndjson.rejected.ndjson"),
        "nonsense\nnonsense\n"
    );
    assert_eq!(machine.read("users.ndjson.errors.csv").lines().count(), 3);
    assert_eq!(fixture.count_users().await, 3 + 598);
}

#[tokio::test]
async fn an_import_goes_on_when_the_api_is_back() {
    let fixture = Fixture::new().await;
    let machine = Machine::of(&fixture, "http://127.0.0.1:1");
    machine.write("users.csv", csv(60, |n| format!("u{n}@example.com,u{n}")));
    let import = [
        "import",
        "users.csv",
        "--yes",
        "--batch",
        "20",
        "--retries",
        "0",
    ];
    let ended = machine.run(&import).await;
    ended.assert(
        4,
        "stopped after 0 users; the same command continues from there",
    );
    // Every second answer gets lost, and nothing is sent again.
    let (_front, url) = start(fixture.function("bulk-create"), 2).await;
    let token = fixture.token(ADMIN);
    let import = [&import[..], &["--url", &url, "--token", &token]].concat();
    machine
        .run(&import)
        .await
        .assert(4, "stopped after 20 users");
    machine
        .run(&import)
        .await
        .assert(4, "stopped after 40 users");
    let ended = machine.run(&import).await;
    ended.assert(0, "going on after 40 users");
    assert_eq!(
        ended.stdout,
        "60 created, 0 updated, 0 skipped, 0 rejected\n"
    );
    assert_eq!(fixture.count_users().await, 63);
}
