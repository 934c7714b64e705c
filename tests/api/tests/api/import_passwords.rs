//! Plaintext passwords: what they cost, and which are refused.

use std::time::Duration;

use rig::{Call, Gateway, Response};
use serde_json::{Value, json};

use crate::fixture::{Fixture, assert_error};
use crate::imports::{BULK, place, places, user};

fn with_passwords(count: usize) -> Value {
    (0..count)
        .map(|number| {
            let mut user = user(&format!("user{number}"));
            user["password"] = format!("correct horse {number}").into();
            user
        })
        .collect()
}

#[tokio::test]
async fn more_passwords_than_fit_the_deadline_are_refused_at_once_with_the_number_that_fits() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let request = fixture.post(BULK).json(&with_passwords(2_000));
    let event = request.event(Gateway::HttpApi);
    let call = Call::new(event).timeout(Duration::from_secs(5));
    let response = Response::from_event(&api.call(call).await.into_response()).unwrap();
    assert_eq!(response.status, 413, "{}", response.text());
    let message = response.json()["message"].as_str().unwrap().to_owned();
    let fits: usize = message
        .strip_prefix("Hashing 2000 passwords would take longer than the request has left; ")
        .and_then(|rest| rest.split(' ').next())
        .unwrap()
        .parse()
        .unwrap();
    assert!((10..2_000).contains(&fits), "{message}");
    assert_error(&response, 413, "too_large", &message);
    assert_eq!(fixture.count_users().await, 3);

    // Far fewer, because other work may take the cores away meanwhile.
    let request = fixture.post(BULK).json(&with_passwords(fits / 4));
    let call = Call::new(request.event(Gateway::HttpApi)).timeout(Duration::from_secs(5));
    let response = Response::from_event(&api.call(call).await.into_response()).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
}

#[tokio::test]
async fn the_cost_of_a_hash_is_configurable_upwards() {
    let fixture = Fixture::new().await;
    let builder = fixture
        .function("bulk-create")
        .env("ARGON2_MEMORY_KIB", "12288")
        .env("ARGON2_PASSES", "3")
        .env("ARGON2_LANES", "2");
    let api = crate::fixture::Api::start(builder).await;
    let response = api.send(&fixture.post(BULK).json(&with_passwords(1))).await;
    assert_eq!(response.status, 201, "{}", response.text());
    let hash: String =
        sqlx::query_scalar("SELECT password_hash FROM users WHERE username = 'user0'")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=12288,t=3,p=2$"));
}

#[tokio::test]
async fn a_weak_password_is_a_bad_row() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "a1@example.com", "username": "margaret", "password": "Margaret" },
        { "email": "margaret2@example.com", "username": "a2", "password": "margaret2" },
        { "email": "a3@example.com", "username": "a3", "password": "Password123" },
        { "email": "a4@example.com", "username": "a4", "password": "zzzzzzzzzzzz" },
        { "email": "a5@example.com", "username": "a5", "password": "correct horse" },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 422);
    let expected: Vec<_> = (0..4)
        .map(|index| place(index, "password", "too_weak"))
        .collect();
    assert_eq!(places(&response), expected);
    assert!(!response.text().contains("Margaret"));
}
