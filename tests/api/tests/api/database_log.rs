//! The log of PostgreSQL itself, under the settings with which the template makes a database.

use std::time::Duration;

use rig::Request;
use serde_json::json;
use servers::{Postgres, PostgresOptions};

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY};
use crate::imports::BULK;

/// What the requests below store and search for.
const PERSONAL: [&str; 3] = ["Lovelace", "example.com", "$argon2id$"];

/// The settings of the template, so that everything is logged that would be at its slowest.
fn settings() -> Vec<(String, String)> {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/database.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let section = template
        .split_once("AWS::RDS::DBClusterParameterGroup")
        .and_then(|(_, rest)| rest.split_once("\n      Parameters:\n"))
        .and_then(|(_, rest)| rest.split_once("\n      Tags:"))
        .unwrap()
        .0;
    let lines = section
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'));
    let settings = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.trim_matches('"').to_owned())
    });
    settings
        .filter(|(name, _)| !name.starts_with("rds."))
        .chain([("log_min_duration_statement".to_owned(), "0".to_owned())])
        .collect()
}

/// What a server with these settings logs of requests of all kinds.
async fn log_of_requests(settings: Vec<(String, String)>) -> String {
    let options = settings
        .iter()
        .fold(PostgresOptions::temporary(), |options, (name, value)| {
            options.setting(name, value)
        });
    let server = tokio::task::spawn_blocking(move || Postgres::start(&options))
        .await
        .unwrap()
        .unwrap();
    let fixture = Fixture::on(&server.url("postgres")).await;
    let before = tokio::fs::read_to_string(server.folder().join("server.log"))
        .await
        .unwrap()
        .len();

    let users = fixture.start("users").await;
    let bulk = fixture.start("bulk-create").await;
    let person = json!({
        "email": "ada@example.com",
        "username": "ada",
        "full_name": "Ada Lovelace",
        "password": "a long enough pass phrase",
    });
    let rows = json!([person]);
    send(&bulk, fixture.post(BULK).json(&rows), 201).await;
    send(&bulk, fixture.post(BULK).json(&rows), 409).await;
    send(&users, fixture.post("/api/v1/users").json(&person), 409).await;
    send(&users, fixture.get("/api/v1/users?search=Lovelace"), 200).await;
    let user = format!("/api/v1/users/{ORDINARY}");
    let patch = Request::new("PATCH", &user).bearer(&fixture.token(ADMIN));
    let taken = patch.clone().json(&json!({ "email": "ada@example.com" }));
    send(&users, taken, 409).await;
    send(
        &users,
        patch.json(&json!({ "full_name": "Ann Lovelace" })),
        200,
    )
    .await;

    // The log is written before the answer is sent, but by another process.
    let end = "SELECT 'the end of the log'";
    sqlx::query(end)
        .execute(fixture.database.pool())
        .await
        .unwrap();
    loop {
        let log = tokio::fs::read_to_string(server.folder().join("server.log"));
        let log = log.await.unwrap();
        if log[before..].contains("the end of the log") {
            return log[before..].to_owned();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn send(api: &Api, request: Request, status: u16) {
    let response = api.send(&request).await;
    assert_eq!(response.status, status, "{}", response.text());
}

#[tokio::test]
async fn the_log_of_a_new_database_holds_nothing_about_a_person() {
    let log = log_of_requests(settings()).await;
    assert!(log.contains("duration: "), "statements are logged: {log}");
    assert!(log.contains("ERROR:  duplicate key"), "{log}");
    for word in PERSONAL {
        let line = log.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{word}");
    }
}

/// What the settings are for.
#[tokio::test]
async fn without_the_settings_the_log_tells_names_addresses_and_hashes() {
    let all = vec![("log_min_duration_statement".to_owned(), "0".to_owned())];
    let log = log_of_requests(all).await;
    for word in PERSONAL {
        assert!(log.contains(word), "{word}");
    }
}
