//! Thousands of made-up requests, good and bad ones, to the real programs. Schemathesis makes them from
//! `openapi.json`, and compares every answer with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use contract_tests::stack::Stack;
use serde_json::{Value, json};
use servers::Toolbox;
use servers::places::workspace_root;

/// How many requests there must be at least.
const CASES: &str = "ROLLCALL_CONFORMANCE_CASES";
/// Makes a run the same as another one.
const SEED: &str = "ROLLCALL_CONFORMANCE_SEED";

/// What the phases send whose number of requests follows from the document alone, and a little less.
const FIXED_CASES: u32 = 500;
/// The other requests go to the operations that take input, each of which gets this part of them at most. There
/// are more, but those that take a header or an id alone run out of ideas.
const OPERATIONS_WITH_INPUT: u32 = 16;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_document_knows() {
    let wanted: u32 = number(CASES).unwrap_or(2_000);
    let stack = Stack::start(2).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("openapi.json");
    let report = folder.path().join("report.ndjson");
    write_document(&document);

    let settings = workspace_root().join("tests/contract");
    let tool = Toolbox::of_workspace().python("schemathesis").unwrap();
    let mut command = Command::new(tool.python());
    let examples = wanted.saturating_sub(FIXED_CASES) / OPERATIONS_WITH_INPUT;
    tool.apply(&mut command)
        // It leaves things where it runs.
        .current_dir(folder.path())
        .env("SCHEMATHESIS_HOOKS", settings.join("hooks.py"))
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(settings.join("schemathesis.toml"))
        .arg("run")
        .arg(&document)
        .args(["--url", &stack.url()])
        .arg("--header")
        .arg(format!("Authorization: Bearer {}", stack.token()))
        .args(["--max-examples", &examples.max(50).to_string()])
        .arg("--report-ndjson-path")
        .arg(&report);
    if let Some(seed) = std::env::var_os(SEED) {
        command.arg("--seed").arg(seed);
    }
    let status = tokio::task::spawn_blocking(move || command.status())
        .await
        .unwrap()
        .unwrap();

    assert!(status.success(), "schemathesis found something, see above");
    let logs = stack.logs();
    assert!(!logs.contains("panicked"), "{logs}");
    let answers = answers(&report);
    for ((operation, status), count) in &answers {
        eprintln!("{count:>6}  {status}  {operation}");
    }
    let sent: u32 = answers.values().sum();
    eprintln!("{sent:>6}  in all");
    assert!(sent >= wanted, "{sent} requests are less than {wanted}");
    // A run in which everything was refused would prove little.
    for (operation, status) in [
        ("GET /api/v1/dashboard/signups", 200),
        ("GET /api/v1/dashboard/signups", 400),
        ("GET /api/v1/dashboard/stats", 200),
        ("GET /api/v1/dashboard/stats", 401),
        ("GET /api/v1/metrics/database", 200),
        ("GET /api/v1/metrics/database", 401),
        ("GET /api/v1/users", 200),
        ("GET /api/v1/users", 401),
        ("GET /api/v1/users/{id}", 401),
        ("GET /api/v1/users/{id}", 404),
        ("GET /health", 200),
        ("GET /health/live", 200),
        ("POST /api/v1/users/bulk", 201),
        ("POST /api/v1/users/bulk", 401),
        ("POST /api/v1/users/bulk", 422),
    ] {
        let answer = (operation.to_owned(), status);
        assert!(answers.contains_key(&answer), "{answer:?} did not occur");
    }
}

/// How often each operation gave each status.
fn answers(report: &Path) -> BTreeMap<(String, u64), u32> {
    let mut answers = BTreeMap::new();
    for line in fs::read_to_string(report).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let recorder = &event["ScenarioFinished"]["recorder"];
        let Some(interactions) = recorder["interactions"].as_object() else {
            continue;
        };
        let operation = recorder["label"].as_str().unwrap();
        for interaction in interactions.values() {
            let status = interaction["response"]["status_code"].as_u64().unwrap_or(0);
            *answers.entry((operation.to_owned(), status)).or_default() += 1;
        }
    }
    answers
}

/// The document, but for the two formats that Schemathesis can make up no text in: it makes up rows, and
/// `hooks.py` writes them in the format.
fn write_document(path: &Path) {
    let text = fs::read_to_string(workspace_root().join("openapi.json")).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let body = &mut document["paths"]["/api/v1/users/bulk"]["post"]["requestBody"];
    let rows = body["content"]["application/json"].clone();
    for format in ["application/x-ndjson", "text/csv"] {
        body["content"][format] = json!({ "schema": rows["schema"], "example": rows["example"] });
    }
    fs::write(path, document.to_string()).unwrap();
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}
