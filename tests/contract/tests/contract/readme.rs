//! The README's requests and commands are run, in order, and answered as it says.

use std::fs;
use std::path::Path;
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
    let blocks = blocks(&section("The API"));
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

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_what_the_readme_shows() {
    check_transcripts(&section("The command")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_what_the_page_on_imports_shows() {
    let page = fs::read_to_string(workspace_root().join("docs/import.md")).unwrap();
    check_transcripts(&page).await;
}

/// Runs the transcripts of a text, in one folder. The first `cat` of a file that does not exist says what it holds.
async fn check_transcripts(text: &str) {
    let stack = Stack::start(1).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (mut shown, mut printed) = (String::new(), String::new());
    for block in blocks(text) {
        if block.language != "console" {
            continue;
        }
        shown.push_str(&block.code);
        for transcript in format!("\n{}", block.code).split("\n$ ").skip(1) {
            let (line, output) = transcript.split_once('\n').unwrap_or((transcript, ""));
            let file = line
                .strip_prefix("cat ")
                .map(|name| folder.path().join(name));
            if let Some(file) = file.filter(|file| !file.exists()) {
                fs::write(file, format!("{}\n", output.trim_end())).unwrap();
            }
            let output = run_command(line, &stack, folder.path()).await;
            printed.extend(["$ ", line, "\n", &output]);
        }
    }
    assert_eq!(words(&shown), words(&printed), "{printed}");
    // A page without transcripts would pass otherwise.
    assert!(words(&shown).len() > 100, "{shown}");
}

async fn run_command(line: &str, stack: &Stack, folder: &Path) -> String {
    let programs = rig::binary::find("rollcall").unwrap();
    let programs = programs.parent().unwrap().display();
    let script = format!("PATH={programs}:$PATH; exec 2>&1; {line}");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &script])
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder)
        .env_remove("ROLLCALL_PROFILE")
        .env("ROLLCALL_URL", stack.url())
        .env("ROLLCALL_TOKEN", stack.token());
    let output = tokio::task::spawn_blocking(move || shell.output());
    String::from_utf8(output.await.unwrap().unwrap().stdout).unwrap()
}

/// A text without what differs between two runs: numbers, times and ports.
fn words(text: &str) -> Vec<String> {
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    text.split_whitespace()
        .map(|word| if has_digit(word) { "number" } else { word }.to_owned())
        .collect()
}

fn section(heading: &str) -> String {
    let readme = fs::read_to_string(workspace_root().join("README.md")).unwrap();
    let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
    section.split_once("\n## ").unwrap().0.to_owned()
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
