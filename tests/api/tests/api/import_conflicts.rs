//! Users that are stored already: `on_conflict`, `dry_run`, and imports that meet.

use rig::UserFixture;
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error};
use crate::imports::{BULK, place, places, results, user, users};

fn post(fixture: &Fixture, query: &str, rows: &Value) -> rig::Request {
    fixture.post(&format!("{BULK}?{query}")).json(rows)
}

async fn stored(fixture: &Fixture, id: i64) -> (String, String, Option<String>, bool, bool) {
    sqlx::query_as(
        "SELECT email, username, full_name, is_active, is_superuser FROM users WHERE id = $1",
    )
    .bind(id)
    .fetch_one(fixture.database.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn skip_leaves_stored_users_as_they_are_and_shows_them() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        user("fresh"),
        { "email": "ADMIN@example.com", "username": "whatever", "full_name": "Other" },
    ]);
    let before = stored(&fixture, 1).await;
    let response = api.send(&post(&fixture, "on_conflict=skip", &rows)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(results(&response), ["created", "skipped"]);
    let body = response.json();
    assert_eq!(
        (&body[1]["id"], &body[1]["username"], &body[1]["full_name"]),
        (&json!(1), &json!("admin"), &json!("Ada Admin"))
    );
    assert_eq!(stored(&fixture, 1).await, before);
    let again = api.send(&post(&fixture, "on_conflict=skip", &rows)).await;
    assert_eq!(again.status, 200);
    assert_eq!(results(&again), ["skipped", "skipped"]);
    assert_eq!(fixture.count_users().await, 4);
}

#[tokio::test]
async fn update_changes_what_rows_say_and_nothing_else() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "Admin@Example.com", "username": "boss" },
        { "email": "fresh@example.com", "username": "fresh", "is_active": false },
        { "email": "ordinary@example.com", "username": "ordinary", "full_name": "O.", "is_superuser": true },
        { "email": "retired@example.com", "username": "retired" },
    ]);
    let response = api.send(&post(&fixture, "on_conflict=update", &rows)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(
        results(&response),
        ["updated", "created", "updated", "skipped"]
    );
    let body = response.json();
    assert_eq!(body[0]["id"], 1);
    assert_eq!(body[0]["full_name"], "Ada Admin");
    assert_ne!(body[0]["created_at"], body[0]["updated_at"]);
    let text = |text: &str| text.to_owned();
    assert_eq!(
        stored(&fixture, 1).await,
        (
            text("Admin@Example.com"),
            text("boss"),
            Some(text("Ada Admin")),
            true,
            true
        )
    );
    assert_eq!(
        stored(&fixture, 2).await,
        (
            text("ordinary@example.com"),
            text("ordinary"),
            Some(text("O.")),
            true,
            true
        )
    );
    assert_eq!(fixture.count_users().await, 4);
}

#[tokio::test]
async fn a_username_of_somebody_else_is_a_conflict_in_every_mode() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        user("fresh"),
        { "email": "new@example.com", "username": "ADMIN" },
    ]);
    for mode in ["fail", "skip", "update"] {
        let response = api
            .send(&post(&fixture, &format!("on_conflict={mode}"), &rows))
            .await;
        assert_eq!(response.status, 409, "{mode}: {}", response.text());
        assert_eq!(places(&response), [place(1, "username", "already_exists")]);
    }
    let two_users = json!([{ "email": "ordinary@example.com", "username": "retired" }]);
    let response = api
        .send(&post(&fixture, "on_conflict=update", &two_users))
        .await;
    assert_eq!(response.status, 409, "{}", response.text());
    assert_eq!(places(&response), [place(0, "username", "already_exists")]);
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "fresh@example.com", "username": "fresh", "password": "correct horse" },
        { "email": "admin@example.com", "username": "admin", "full_name": "A." },
    ]);
    let query = "on_conflict=update&dry_run=true";
    let response = api.send(&post(&fixture, query, &rows)).await;
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(results(&response), ["created", "updated"]);
    assert_eq!(response.json()[0]["id"], Value::Null);
    assert_eq!(stored(&fixture, 1).await.2.unwrap(), "Ada Admin");
    let response = api.send(&post(&fixture, "dry_run=true", &rows)).await;
    assert_eq!(
        places(&response),
        [
            place(1, "email", "already_exists"),
            place(1, "username", "already_exists"),
        ]
    );
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn counts_alone_are_the_answer_to_those_who_prefer_it() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([user("a"), user("b"), user("admin")]);
    let request = post(&fixture, "on_conflict=skip", &rows).header("prefer", "return=minimal");
    let response = api.send(&request).await;
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(response.text(), r#"{"created":2,"updated":0,"skipped":1}"#);
    assert_eq!(
        response.header("preference-applied").unwrap(),
        "return=minimal"
    );
}

/// A table that another application made may ask for more than we do.
#[tokio::test]
async fn rows_that_do_not_fit_an_adopted_table_are_named() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for change in [
        "UPDATE users SET password_hash = '!' WHERE password_hash IS NULL",
        "ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL",
        "ALTER TABLE users ALTER COLUMN username TYPE varchar(10)",
    ] {
        sqlx::query(change)
            .execute(fixture.database.pool())
            .await
            .unwrap();
    }
    let rows = json!([
        { "email": "a@example.com", "username": "a", "password": "correct horse" },
        { "email": "b@example.com", "username": "b" },
        { "email": "c@example.com", "username": "ccccccccccc", "password": "correct horse" },
    ]);
    for mode in ["fail", "skip"] {
        let request = post(&fixture, &format!("on_conflict={mode}"), &rows);
        let response = api.send(&request).await;
        assert_eq!(response.status, 422, "{}", response.text());
        assert_eq!(
            places(&response),
            [
                place(1, "password_hash", "required"),
                place(2, "username", "too_long"),
            ]
        );
    }
}

#[tokio::test]
async fn options_that_do_not_exist_are_refused_with_those_that_do() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for (query, message) in [
        (
            "on_conflict=replace",
            "Parameter on_conflict must be one of fail, skip, update",
        ),
        (
            "dry_run=2",
            "Parameter dry_run must be one of true, false, 1, 0",
        ),
        (
            "dryrun=true",
            "Unknown parameter \"dryrun\"; supported: on_conflict, dry_run, accept_hashes, keep_ids, spreadsheet",
        ),
    ] {
        let response = api.send(&post(&fixture, query, &json!([user("a")]))).await;
        assert_error(&response, 400, "invalid_request", message);
    }
}

#[tokio::test]
async fn imports_in_opposite_order_never_deadlock_for_a_caller() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("bulk-create").instances(2)).await;
    for round in 0..200 {
        let forward = users(&format!("round{round}-"), 30);
        let backward: Value = forward.as_array().unwrap().iter().rev().cloned().collect();
        let mode = ["fail", "skip", "update"][round % 3];
        let query = format!("on_conflict={mode}");
        let (one, other) = (
            post(&fixture, &query, &forward),
            post(&fixture, &query, &backward),
        );
        let (one, other) = tokio::join!(api.send(&one), api.send(&other));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        let expected = if mode == "fail" {
            [201, 409]
        } else {
            [200, 201]
        };
        assert_eq!(statuses, expected, "{} {}", one.text(), other.text());
    }
    assert_eq!(fixture.count_users().await, 3 + 200 * 30);
}

/// Both sort by email, and meet on usernames in opposite order.
#[tokio::test]
async fn a_deadlock_that_no_order_prevents_is_resolved_by_trying_again() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("bulk-create").instances(2)).await;
    for round in 0..4 {
        let rows = |side: &str, first: &str, last: &str| {
            let named = |place: &str, name: &str| {
                json!({
                    "email": format!("{place}.{side}{round}@example.com"),
                    "username": format!("{name}{round}"),
                })
            };
            let mut rows = vec![named("a", first)];
            let fill = users(&format!("m.{side}{round}-"), 1_000);
            rows.extend(fill.as_array().unwrap().iter().cloned());
            rows.push(named("z", last));
            Value::from(rows)
        };
        let (one, other) = (
            post(&fixture, "on_conflict=fail", &rows("left", "x", "y")),
            post(&fixture, "on_conflict=fail", &rows("right", "y", "x")),
        );
        let (one, other) = tokio::join!(api.send(&one), api.send(&other));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{} {}", one.text(), other.text());
    }
    assert!(
        api.logs().contains("a transaction has to be tried again"),
        "no deadlock happened"
    );
    assert_eq!(fixture.count_users().await, 3 + 4 * 1_002);
}

#[tokio::test]
async fn three_hundred_bad_rows_of_ten_thousand_are_all_named() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let mut rows = users("user", 10_000);
    let mut expected = Vec::new();
    for number in 0..300 {
        let index = number * 33 + 1;
        let (field, value, code) = match number % 3 {
            0 => ("email", "no address".into(), "invalid_format"),
            1 => (
                "username",
                rows[index - 1]["username"].clone(),
                "duplicate_in_request",
            ),
            _ => ("password", "short".into(), "too_short"),
        };
        rows[index][field] = value;
        expected.push(place(i64::try_from(index).unwrap(), field, code));
    }
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 422, "{}", response.text());
    assert_eq!(places(&response), expected);
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn three_hundred_conflicts_of_ten_thousand_are_all_named() {
    let taken: Vec<_> = (0..300)
        .map(|number| UserFixture::new(1_000 + number, &format!("taken{number}")))
        .collect();
    let fixture = Fixture::with(&taken).await;
    let api = fixture.start("bulk-create").await;
    let mut rows = users("user", 10_000);
    let mut expected = Vec::new();
    for number in 0..300 {
        let index = number * 33;
        let field = if number % 2 == 0 { "email" } else { "username" };
        rows[index][field] = user(&format!("TAKEN{number}"))[field].clone();
        expected.push(place(
            i64::try_from(index).unwrap(),
            field,
            "already_exists",
        ));
    }
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 409, "{}", response.text());
    assert_eq!(places(&response), expected);
    assert_eq!(fixture.count_users().await, 303);
}
