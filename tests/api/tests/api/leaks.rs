//! Nothing internal in answers, nothing personal in logs.
//!
//! The suite calls the checks for every error answer and for the logs of every function it starts.

use rig::Response;

/// Words that only a driver, a library, the database or a stack trace would use.
const INTERNAL: [&str; 24] = [
    "sqlx",
    "postgres",
    "sqlstate",
    "select ",
    "insert ",
    "update users",
    "pg_",
    "relation",
    "constraint",
    "duplicate key",
    "ux_users",
    "ix_users",
    "panicked",
    "127.0.0.1",
    "localhost",
    "os error",
    "connection refused",
    "deadpool",
    "tokio",
    "rustls",
    "serde",
    "base64",
    ".rs",
    "/src/",
];

/// What the tests use as e-mail addresses, tokens, signing secret, passwords and hashes.
const PERSONAL: [&str; 7] = [
    "example.com",
    "eyJ",
    "the-signing-secret",
    "correct horse",
    "hunter2",
    "$argon2",
    "Bearer",
];

/// Panics if an error answer says something about the inside.
#[track_caller]
pub fn check_response(response: &Response) {
    if response.status >= 400 {
        // The health check names its provider on purpose.
        let body = response.text().replace(r#""provider":"postgresql""#, "");
        assert_eq!(found(&INTERNAL, &body.to_lowercase()), None, "{body}");
    }
}

/// Panics if a log line tells who somebody is or how they log in.
#[track_caller]
pub fn check_logs(logs: &str) {
    assert_eq!(found(&PERSONAL, logs), None, "{logs}");
}

fn found(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|word| text.contains(word))
}

#[test]
fn the_check_of_answers_notices_a_driver_message() {
    let body = r#"error returned from database: relation "users" does not exist"#;
    assert_eq!(found(&INTERNAL, body), Some("relation"));
}

#[test]
fn the_check_of_logs_notices_an_address() {
    assert_eq!(
        found(&PERSONAL, r#"{"email":"ada@example.com"}"#),
        Some("example.com")
    );
}
