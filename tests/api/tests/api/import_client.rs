//! `cargo xtask import` against the function, with answers that get lost and a client that dies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
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
use tokio::process::Command;

use crate::world::{ADMIN, World};

/// An HTTP server in front of a function.
struct Front {
    function: Function,
    requests: AtomicUsize,
    /// Every so many requests, the function works and its answer gets lost.
    loses_every: usize,
}

impl Front {
    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// A front that runs, and the URL where.
async fn start(function: FunctionBuilder, loses_every: usize) -> (Arc<Front>, String) {
    let front = Arc::new(Front {
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

async fn forward(State(front): State<Arc<Front>>, request: Request) -> Response {
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

/// A file of users, and what the client leaves beside it.
struct Users {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Users {
    fn new(name: &str, content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::write(&file, content).unwrap();
        Self { folder, file }
    }

    fn beside(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn report(&self) -> String {
        let mut name = self.file.clone().into_os_string();
        name.push(".rejected.csv");
        fs::read_to_string(name).unwrap()
    }
}

fn client(world: &World, url: &str, file: &Path, options: &[&str]) -> Command {
    let mut client = Command::new(rig::binary::find("xtask").unwrap());
    client
        .arg("import")
        .arg(file)
        .args(["--url", url, "--token", &world.token(ADMIN)])
        .args(["--retries", "3"])
        .args(options)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    client
}

fn text(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).unwrap()
}

fn csv(rows: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = "email,username\r\n".to_owned();
    for number in 0..rows {
        text.push_str(&row(number));
        text.push_str("\r\n");
    }
    text
}

#[tokio::test]
async fn bad_rows_are_reported_and_the_others_imported() {
    let world = World::new().await;
    let (_front, url) = start(world.function("bulk-create"), usize::MAX).await;
    let users = Users::new(
        "users.csv",
        &csv(250, |number| match number {
            40 => "nonsense,u40".to_owned(),
            120 => "admin@example.com,u120".to_owned(),
            121 => "u121@example.com,\"u\n121\"".to_owned(),
            200 => "u200@example.com".to_owned(),
            _ => format!("u{number}@example.com,u{number}"),
        }),
    );
    let output = client(&world, &url, &users.file, &["--batch", "100"])
        .output()
        .await
        .unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("246 created, 0 updated, 0 skipped, 4 rejected"),
        "{text}"
    );
    assert_eq!(
        users.report(),
        "line,field,code,message\n\
         42,email,invalid_format,\"email must be an address like name@example.com: it has no @\"\n\
         122,email,already_exists,\"a user with this email exists already\"\n\
         123,username,invalid_format,\"username may not have control or invisible characters: character 2 is U+000A\"\n\
         203,,wrong_cell_count,\"the row has 1 cells, the header 2\"\n"
    );
    assert_eq!(users.beside(), ["users.csv", "users.csv.rejected.csv"]);
    assert_eq!(world.count_users().await, 3 + 246);

    let strict = client(&world, &url, &users.file, &["--strict"])
        .output()
        .await
        .unwrap();
    assert_eq!(strict.status.code(), Some(1));
    assert_eq!(world.count_users().await, 3 + 246);
}

#[tokio::test]
async fn lost_answers_make_no_doubles() {
    let world = World::new().await;
    let (front, url) = start(world.function("bulk-create"), 3).await;
    let elements: Vec<_> = (0..100)
        .map(|n| format!(" {{\"email\": \"u{n}@example.com\",\n  \"username\": \"u{n}\"}}"))
        .collect();
    let users = Users::new("users.json", &format!("[\n{}\n]\n", elements.join(",\n")));
    let output = client(&world, &url, &users.file, &["--batch", "20"])
        .output()
        .await
        .unwrap();
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("100 created, 0 updated, 0 skipped, 0 rejected"),
        "{text}"
    );
    assert!(front.requests() > 5, "no answer was lost");
    assert_eq!(users.beside(), ["users.json"]);
    assert_eq!(world.count_users().await, 103);
}

#[tokio::test]
async fn a_client_that_dies_goes_on_where_it_was() {
    let world = World::new().await;
    let (front, url) = start(world.function("bulk-create"), usize::MAX).await;
    let lines: String = (0..600)
        .map(|n| match n {
            7 | 407 => "nonsense\n".to_owned(),
            _ => format!("{{\"email\":\"u{n}@example.com\",\"username\":\"u{n}\"}}\n"),
        })
        .collect();
    let users = Users::new("users.ndjson", &lines);
    for round in 1..=4 {
        let mut child = client(&world, &url, &users.file, &["--batch", "20"])
            .spawn()
            .unwrap();
        while front.requests() < round * 6 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().await.unwrap();
    }
    let output = client(&world, &url, &users.file, &["--batch", "20"])
        .output()
        .await
        .unwrap();
    let text = text(&output);
    assert!(text.contains("going on after"), "{text}");
    assert!(
        text.contains("598 created, 0 updated, 0 skipped, 2 rejected"),
        "{text}"
    );
    assert_eq!(users.report().lines().count(), 3, "{}", users.report());
    assert_eq!(world.count_users().await, 3 + 598);
}

#[tokio::test]
async fn a_batch_that_is_too_large_goes_in_parts() {
    let world = World::new().await;
    let builder = world.function("bulk-create").env("BULK_MAX_ROWS", "30");
    let (_front, url) = start(builder, usize::MAX).await;
    let users = Users::new("users.csv", &csv(100, |n| format!("u{n}@example.com,u{n}")));
    let output = client(&world, &url, &users.file, &["--gzip"])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(world.count_users().await, 103);
}
