//! Plaintext passwords: what they cost, and which are refused.

use std::time::Duration;

use rig::{Call, Gateway, Response};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error};
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
async fn more_passwords_than_a_request_may_have_are_refused_at_once() {
    let fixture = Fixture::new().await;
    let builder = fixture
        .function("bulk-create")
        .env("BULK_MAX_PASSWORDS", "2");
    let api = Api::start(builder).await;
    for path in [BULK, "/api/v1/users/bulk?dry_run=true"] {
        let response = api.send(&fixture.post(path).json(&with_passwords(3))).await;
        assert_error(
            &response,
            413,
            "too_large",
            "3 users have a password, and one request may have 2 of them; send fewer users, or send password_hash instead of password",
        );
    }
    assert_eq!(fixture.count_users().await, 3);
    let response = api.send(&fixture.post(BULK).json(&with_passwords(2))).await;
    assert_eq!(response.status, 201, "{}", response.text());
}

#[tokio::test]
async fn passwords_that_take_too_long_are_a_504_and_nothing_is_saved() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let request = fixture.post(BULK).json(&with_passwords(1_000));
    let call = Call::new(request.event(Gateway::HttpApi)).timeout(Duration::from_secs(2));
    let response = Response::from_event(&api.call(call).await.into_response()).unwrap();
    assert_eq!(response.status, 504, "{}", response.text());
    assert_eq!(fixture.count_users().await, 3);
    // The environment serves the next request as if nothing had happened.
    let response = api.send(&fixture.post(BULK).json(&with_passwords(1))).await;
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
    let api = Api::start(builder).await;
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
