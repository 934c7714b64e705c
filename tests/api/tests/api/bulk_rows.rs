use rig::{Request, UserFixture};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_failure};
use crate::imports::{BULK, places};

#[tokio::test]
async fn every_bad_row_is_reported_and_nothing_is_written() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "fine@example.com", "username": "fine" },
        { "email": "twin@example.com", "username": "first" },
        { "email": "not an address", "username": "second" },
        { "email": "third@example.com", "username": "third" },
        { "email": "fourth@example.com", "username": "fourth" },
        { "email": "TWIN@example.com", "username": "fifth" },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_failure(
        &response,
        422,
        &json!({
            "error": "validation_failed",
            "message": "Nothing was imported: 2 errors found, see details",
            "details": [
                {
                    "index": 2,
                    "field": "email",
                    "code": "invalid_format",
                    "message": "email must be an address like name@example.com: it has no @",
                },
                {
                    "index": 5,
                    "field": "email",
                    "code": "duplicate_in_request",
                    "message": "email is the same as in row 1 of this request",
                },
            ],
        }),
    );
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_bad_email_and_a_duplicate_in_later_rows_are_both_reported() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "zero@example.com", "username": "zero" },
        { "email": "one@example.com", "username": "one" },
        { "email": "no-at-sign", "username": "two" },
        { "email": "three@example.com", "username": "three" },
        { "email": "four@example.com", "username": "four" },
        { "email": "three@example.com", "username": "THREE" },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(
        places(&response),
        [
            (2, "email".to_owned(), "invalid_format".to_owned()),
            (5, "email".to_owned(), "duplicate_in_request".to_owned()),
            (5, "username".to_owned(), "duplicate_in_request".to_owned()),
        ]
    );
}

#[tokio::test]
async fn each_rule_has_its_own_code() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let user = |name: &str, more: Value| {
        let mut user = json!({ "email": format!("{name}@example.com"), "username": name });
        for (field, value) in more.as_object().unwrap() {
            user[field] = value.clone();
        }
        user
    };
    let rows = json!([
        "text",
        { "username": "a1" },
        { "email": "a2@example.com" },
        user("a3", json!({ "email": 3 })),
        user("a4", json!({ "is_active": "yes" })),
        user("a5", json!({ "is_superuser": 1 })),
        user("a6", json!({ "password": "short" })),
        user("a7", json!({ "password": "x".repeat(300) })),
        user("a8", json!({ "password_hash": "plaintext" })),
        user("a9", json!({ "password_hash": "$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW" })),
        user("b1", json!({ "role": "root" })),
        user("b2", json!({ "username": "" })),
        user("b3", json!({ "full_name": "x".repeat(5000) })),
        user("b4", json!({ "full_name": "a\u{0}b" })),
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    let found = places(&response);
    let expected = [
        (0, "", "invalid_type"),
        (1, "email", "required"),
        (2, "username", "required"),
        (3, "email", "invalid_type"),
        (4, "is_active", "invalid_type"),
        (5, "is_superuser", "invalid_type"),
        (6, "password", "too_short"),
        (7, "password", "too_long"),
        (8, "password_hash", "invalid_format"),
        (9, "password_hash", "out_of_range"),
        (10, "", "unknown_field"),
    ];
    for (place, (index, field, code)) in found.iter().zip(expected) {
        assert_eq!(*place, (index, field.to_owned(), code.to_owned()));
    }
    let reported: Vec<i64> = found.iter().map(|(index, ..)| *index).collect();
    assert_eq!(reported, (0..=13).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_that_meet_stored_ones_conflict_by_row_and_field() {
    let stored = UserFixture::new(10, "Jürgen").email("jurgen@example.com");
    let fixture = Fixture::with(&[stored]).await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "fresh@example.com", "username": "fresh" },
        { "email": "ADMIN@Example.com", "username": "newcomer" },
        { "email": "other@example.com", "username": "JÜRGEN" },
        { "email": "ordinary@example.com", "username": "Retired" },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    let detail = |index: usize, field: &str| {
        let message = format!("a user with this {field} exists already");
        json!({ "index": index, "field": field, "code": "already_exists", "message": message })
    };
    assert_failure(
        &response,
        409,
        &json!({
            "error": "conflict",
            "message": "Nothing was imported: 4 values are already in use, see details",
            "details": [
                detail(1, "email"),
                detail(2, "username"),
                detail(3, "email"),
                detail(3, "username"),
            ],
        }),
    );
    assert_eq!(fixture.count_users().await, 4);
}

#[tokio::test]
async fn of_two_imports_with_the_same_email_at_the_same_time_exactly_one_succeeds() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("bulk-create").instances(2)).await;
    for round in 0..10 {
        let request = |side: &str| -> Request {
            let rows = json!([
                { "email": format!("{side}{round}@example.com"), "username": format!("{side}{round}") },
                { "email": format!("same{round}@example.com"), "username": format!("same.{side}{round}") },
            ]);
            fixture.post(BULK).json(&rows)
        };
        let (left, right) = (request("left"), request("right"));
        let (left, right) = tokio::join!(api.send(&left), api.send(&right));
        let (winner, loser) = if left.status == 201 {
            (left, right)
        } else {
            (right, left)
        };
        assert_eq!(winner.status, 201, "{}", winner.text());
        assert_eq!(loser.status, 409, "{}", loser.text());
        assert_eq!(
            places(&loser),
            [(1, "email".to_owned(), "already_exists".to_owned())]
        );
    }
    assert_eq!(fixture.count_users().await, 23);
}

#[tokio::test]
async fn two_imports_of_the_same_users_in_opposite_order_do_not_deadlock() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("bulk-create").instances(2)).await;
    let users: Vec<Value> = (0..200)
        .map(|n| json!({ "email": format!("user{n}@example.com"), "username": format!("user{n}") }))
        .collect();
    let backward: Vec<Value> = users.iter().rev().cloned().collect();
    let (one, other) = (
        fixture.post(BULK).json(&users.into()),
        fixture.post(BULK).json(&backward.into()),
    );
    let (one, other) = tokio::join!(api.send(&one), api.send(&other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(fixture.count_users().await, 203);
}
