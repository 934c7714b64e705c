//! Requests with an Idempotency-Key: repeated, at the same time, changed, expired, cut off.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rig::{Function, Gateway, Outcome, Request};
use serde_json::json;

use crate::fixture::{Api, Fixture, assert_error};
use crate::imports::{BULK, keyed, user, users};

async fn count_keys(fixture: &Fixture) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM idempotency_keys")
        .fetch_one(fixture.database.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_repeated_request_gets_the_stored_answer_from_any_instance() {
    let fixture = Fixture::new().await;
    let rows = json!([
        { "email": "zoe@example.com", "username": "zoe", "password": "correct horse" },
        user("bob"),
    ]);
    let request = keyed(&fixture, "\"import 1\"", &rows);
    let first = fixture.start("bulk-create").await.send(&request).await;
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.header("idempotent-replayed"), None);

    let api = fixture.start("bulk-create").await;
    for _ in 0..2 {
        let again = api.send(&request).await;
        assert_eq!(again.status, 201);
        assert_eq!(again.text(), first.text());
        assert_eq!(again.header("idempotent-replayed").unwrap(), "true");
        assert_eq!(again.header("content-type"), first.header("content-type"));
    }
    let unquoted = api.send(&keyed(&fixture, "import 1", &rows)).await;
    assert_eq!(unquoted.header("idempotent-replayed").unwrap(), "true");
    assert_eq!(fixture.count_users().await, 5);
    assert_eq!(count_keys(&fixture).await, 1);
}

/// Behind a pooler in transaction mode, nothing is left in a session between transactions.
#[tokio::test]
async fn keys_work_behind_a_pooler() {
    let fixture = Fixture::new().await;
    let builder = fixture
        .function("bulk-create")
        .env("DATABASE_POOLER", "true");
    let api = Api::start(builder).await;
    let request = keyed(&fixture, "k", &json!([user("a")]));
    assert_eq!(api.send(&request).await.status, 201);
    let left: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_locks
         WHERE locktype = 'advisory'
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .fetch_one(fixture.database.pool())
    .await
    .unwrap();
    assert_eq!(left, 0);
    let again = api.send(&request).await;
    assert_eq!(again.header("idempotent-replayed").unwrap(), "true");
    assert_eq!(fixture.count_users().await, 4);
}

#[tokio::test]
async fn nothing_of_a_password_is_in_what_is_stored() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "zoe@example.com", "username": "zoe", "password": "correct horse" },
    ]);
    assert_eq!(api.send(&keyed(&fixture, "k", &rows)).await.status, 201);
    let (hash, body): (String, Vec<u8>) = sqlx::query_as(
        "SELECT password_hash, body FROM users, idempotency_keys WHERE username = 'zoe'",
    )
    .fetch_one(fixture.database.pool())
    .await
    .unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(body.as_slice()),
        &mut text,
    )
    .unwrap();
    assert!(text.contains("zoe@example.com"), "{text}");
    assert!(!text.contains("horse") && !text.contains(&hash) && !text.contains("argon2"));
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let request = keyed(&fixture, "k", &json!([user("a")]));
    assert_eq!(api.send(&request).await.status, 201);

    let message = "This Idempotency-Key was used for a request with another body or other options";
    let other_body = keyed(&fixture, "k", &json!([user("b")]));
    let other_options = fixture
        .post(&format!("{BULK}?on_conflict=skip"))
        .header("idempotency-key", "k")
        .json(&json!([user("a")]));
    let other_answer = request.clone().header("prefer", "return=minimal");
    for request in [other_body, other_options, other_answer] {
        let response = api.send(&request).await;
        assert_error(&response, 422, "idempotency_mismatch", message);
    }
    sqlx::query("UPDATE users SET is_superuser = true WHERE id = 2")
        .execute(fixture.database.pool())
        .await
        .unwrap();
    let other_caller = Request::post(BULK)
        .bearer(&fixture.token(2))
        .header("idempotency-key", "k")
        .json(&json!([user("b")]));
    assert_eq!(api.send(&other_caller).await.status, 201);
    assert_eq!(fixture.count_users().await, 5);
}

#[tokio::test]
async fn failures_and_dry_runs_leave_the_key_free() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let bad = keyed(&fixture, "k", &json!([user("admin")]));
    assert_eq!(api.send(&bad).await.status, 409);
    let invalid = keyed(&fixture, "k", &json!([{ "email": "nonsense" }]));
    assert_eq!(api.send(&invalid).await.status, 422);
    let dry = fixture
        .post(&format!("{BULK}?dry_run=true"))
        .header("idempotency-key", "k")
        .json(&json!([user("a")]));
    assert_eq!(api.send(&dry).await.status, 200);
    assert_eq!(count_keys(&fixture).await, 0);
    let good = keyed(&fixture, "k", &json!([user("a")]));
    assert_eq!(api.send(&good).await.status, 201);
}

#[tokio::test]
async fn keys_are_checked() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let message = "The Idempotency-Key header must be given once, with 1 to 255 visible characters, \
                   in quotes or without";
    for key in ["", "\"open", "\"a\"b", "a\tb", &"x".repeat(256)] {
        let response = api.send(&keyed(&fixture, key, &json!([user("a")]))).await;
        assert_error(&response, 400, "invalid_request", message);
    }
    let longest = "x".repeat(255);
    let response = api
        .send(&keyed(&fixture, &longest, &json!([user("a")])))
        .await;
    assert_eq!(response.status, 201, "{}", response.text());
}

/// No gateway lets a line break through in a header; an event that has one all the same never
/// becomes a header of an answer.
#[tokio::test]
async fn a_key_cannot_inject_a_header() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let request = keyed(&fixture, "k\r\nx-evil: 1", &json!([user("a")]));
    for gateway in [Gateway::HttpApi, Gateway::RestApi, Gateway::LoadBalancer] {
        let invocation = api.invoke(request.event(gateway)).await;
        match invocation.outcome {
            Outcome::Response(response) => {
                assert_ne!(response["statusCode"], 201);
                assert!(!response.to_string().contains("x-evil"), "{response}");
            }
            Outcome::Error { message, .. } => assert!(!message.contains("x-evil"), "{message}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn an_expired_key_is_as_good_as_new_and_is_cleaned_up_by_migrate() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    for key in ["old", "older", "fresh"] {
        let request = keyed(&fixture, key, &json!([user(key)]));
        assert_eq!(api.send(&request).await.status, 201);
    }
    let hours: Vec<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM expires_at - created_at)::float8 / 3600 FROM idempotency_keys",
    )
    .fetch_all(fixture.database.pool())
    .await
    .unwrap();
    assert_eq!(hours, [24.0; 3]);
    sqlx::query("UPDATE idempotency_keys SET expires_at = now() WHERE key <> 'fresh'")
        .execute(fixture.database.pool())
        .await
        .unwrap();
    let other = keyed(&fixture, "old", &json!([user("other")]));
    assert_eq!(api.send(&other).await.status, 201);
    let replayed = api.send(&other).await;
    assert_eq!(replayed.header("idempotent-replayed").unwrap(), "true");

    let migrate = Function::builder("migrate")
        .env("DATABASE_URL", fixture.database.url())
        .start()
        .await
        .unwrap();
    let report = migrate.invoke(json!({ "command": "clean" })).await;
    assert_eq!(report.into_response()["deleted_keys"], 1);
    assert_eq!(count_keys(&fixture).await, 2);
}

#[tokio::test]
async fn of_twenty_requests_with_one_key_one_works_and_all_get_its_answer() {
    let fixture = Fixture::new().await;
    let builder = fixture.function("bulk-create").instances(10);
    let api = Api::start(builder.concurrency(1)).await;
    for round in 0..5 {
        let rows = users(&format!("round{round}-"), 100);
        let request = keyed(&fixture, &format!("round {round}"), &rows);
        let responses = join_all((0..20).map(|_| api.send(&request))).await;
        let first = responses[0].text();
        let mut replayed = 0;
        for response in &responses {
            assert_eq!(response.status, 201, "{}", response.text());
            assert_eq!(response.text(), first);
            replayed += usize::from(response.header("idempotent-replayed").is_some());
        }
        assert_eq!(replayed, 19);
    }
    assert_eq!(fixture.count_users().await, 3 + 5 * 100);
    assert_eq!(count_keys(&fixture).await, 5);
}

#[tokio::test]
async fn who_waits_too_long_for_a_twin_is_told_to_come_back() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("bulk-create").instances(2)).await;
    let request = keyed(&fixture, "k", &json!([user("a")]));
    // The first request waits behind a lock on the table, and the second one for the first.
    let mut blocker = fixture.database.pool().begin().await.unwrap();
    sqlx::query("LOCK TABLE users IN SHARE MODE")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let first = tokio::spawn(api.invoke(request.event(Gateway::HttpApi)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = Instant::now();
    let second = api.send(&request).await;
    assert_eq!(second.header("retry-after").unwrap(), "2");
    assert_error(
        &second,
        409,
        "idempotency_in_progress",
        "A request with this Idempotency-Key is still in progress; send it again shortly to get its response",
    );
    assert!(started.elapsed() < Duration::from_secs(3));
    blocker.rollback().await.unwrap();
    assert_eq!(first.await.unwrap().into_response()["statusCode"], 201);
    assert_eq!(api.send(&request).await.status, 201);
    assert_eq!(fixture.count_users().await, 4);
}

/// The instance dies at a hundred points that are spread over the whole of an import.
#[tokio::test]
async fn a_killed_import_leaves_nothing_or_everything_and_a_repetition_makes_it_whole() {
    const ROWS: usize = 400;
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let warm_up = keyed(&fixture, "warm up", &users("warm", ROWS));
    assert_eq!(api.send(&warm_up).await.status, 201);
    let timed = Instant::now();
    let again = keyed(&fixture, "again", &users("again", ROWS));
    assert_eq!(api.send(&again).await.status, 201);
    let duration = timed.elapsed();

    let mut expected = 3 + 2 * i64::try_from(ROWS).unwrap();
    let (mut nothing, mut everything) = (0, 0);
    for round in 0..100 {
        let rows = users(&format!("round{round}-"), ROWS);
        let request = keyed(&fixture, &format!("round {round}"), &rows);
        let invocation = tokio::spawn(api.invoke(request.event(Gateway::HttpApi)));
        tokio::time::sleep(duration.mul_f64(1.2 * f64::from(round) / 100.0)).await;
        for instance in api.instances() {
            instance.kill();
            instance.exited().await;
        }
        let is_answered = matches!(invocation.await.unwrap().outcome, Outcome::Response(_));
        wait_until_nobody_works(&fixture).await;
        let added = fixture.count_users().await - expected;
        let whole = i64::try_from(ROWS).unwrap();
        assert!(added == 0 || added == whole, "half a batch: {added}");
        assert!(!is_answered || added == whole, "an answer was a lie");
        *(if added == 0 {
            &mut nothing
        } else {
            &mut everything
        }) += 1;

        let retry = api.send(&request).await;
        assert_eq!(retry.status, 201, "{}", retry.text());
        assert_eq!(
            retry.header("idempotent-replayed").is_some(),
            added == whole
        );
        expected += whole;
        assert_eq!(fixture.count_users().await, expected);
    }
    // No user without an entry in the log of changes, and none of those that were taken back.
    let entries: i64 =
        sqlx::query_scalar("SELECT count(*) FROM user_audit WHERE action = 'user.create'")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    assert_eq!(entries, expected - 3);
    assert!(
        nothing >= 10 && everything >= 1,
        "the kills were not spread: {nothing} before and {everything} after the commit"
    );
}

/// A server process goes on with its statement until it notices that its client has gone.
async fn wait_until_nobody_works(fixture: &Fixture) {
    let count = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database()
             AND application_name LIKE 'rollcall-%'
             AND state <> 'idle'";
    for _ in 0..400 {
        let working: i64 = sqlx::query_scalar(count)
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
        if working == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a transaction goes on without its client");
}
