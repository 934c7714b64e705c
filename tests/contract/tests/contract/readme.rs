//! The README's requests are sent, in order, and answered as it says.

use std::fs;
use std::process::Command;

use contract_tests::stack::Stack;
use serde_json::{Deserializer, Value};
use servers::places::workspace_root;

/// A block of code and the text between it and the one before.
struct Block {
    language: String,
    code: String,
    text_before: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_answered_as_the_readme_says() {
    let stack = Stack::start(1).await.unwrap();
    let readme = fs::read_to_string(workspace_root().join("README.md")).unwrap();
    let (_, api) = readme.split_once("\n## The API\n").unwrap();
    let (api, _) = api.split_once("\n## ").unwrap();
    let blocks = blocks(api);
    let mut requests = 0;
    let mut answers = 0;
    for (place, block) in blocks.iter().enumerate() {
        if block.language != "sh" || !block.code.contains("curl ") {
            continue;
        }
        let said = run(&block.code, &stack).await;
        requests += 1;
        let next = blocks.get(place + 1);
        if let Some(next) =
            next.filter(|next| next.language == "json" && next.text_before.is_empty())
        {
            compare(&block.code, &values(&next.code), &values(&said));
            answers += 1;
        }
    }
    // A README in which nothing is found to test would pass otherwise.
    assert!(requests >= 6, "only {requests} requests were found");
    assert!(answers >= 5, "only {answers} answers were found");
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut pieces = text.split("```");
    while let (Some(before), Some(block)) = (pieces.next(), pieces.next()) {
        let (language, code) = block.split_once('\n').unwrap();
        blocks.push(Block {
            language: language.to_owned(),
            code: code.to_owned(),
            text_before: before.trim().to_owned(),
        });
    }
    blocks
}

async fn run(code: &str, stack: &Stack) -> String {
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", code])
        .env("API", stack.url())
        .env("TOKEN", stack.token());
    let output = tokio::task::spawn_blocking(move || shell.output())
        .await
        .unwrap()
        .unwrap();
    assert!(output.status.success(), "{code}\n{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// One JSON value for every request of a block.
fn values(text: &str) -> Vec<Value> {
    let values = Deserializer::from_str(text).into_iter();
    values
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

#[track_caller]
fn compare(code: &str, promised: &[Value], given: &[Value]) {
    assert_eq!(promised.len(), given.len(), "{code}{given:?}");
    for (promised, given) in promised.iter().zip(given) {
        assert_eq!(shape(promised), shape(given), "{code}{given:#}");
    }
}

/// What a value is made of, without what differs between two databases: numbers, texts, whether there
/// is another page, and how long a list is.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.first().map(shape).into_iter().collect(),
        Value::Bool(_) => "flag".into(),
        Value::Null | Value::Number(_) | Value::String(_) => "value".into(),
    }
}
