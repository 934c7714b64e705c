use chrono::{DateTime, Duration, NaiveTime, Utc};
use rig::UserFixture;
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error};

const STATS: &str = "/api/v1/dashboard/stats";

#[tokio::test]
async fn the_numbers_are_exact_at_the_edges_of_day_and_week() {
    let now = Utc::now();
    let midnight = now.with_time(NaiveTime::MIN).unwrap();
    let microsecond = Duration::microseconds(1);
    let week = Duration::hours(7 * 24);
    // The last seconds are left out of the week: it moves on while the test runs.
    let created = [
        now,
        midnight,
        midnight - microsecond,
        midnight - Duration::days(1),
        now - week + Duration::seconds(20),
        now - week,
        now - week - microsecond,
        now - Duration::days(3650),
    ];
    let users: Vec<UserFixture> = (10..)
        .zip(created)
        .map(|(id, time)| {
            let user = UserFixture::new(id, &format!("user{id}")).created_at(time);
            if id % 3 == 0 { user.inactive() } else { user }
        })
        .collect();
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("stats").await;
    let response = api.send(&fixture.get(STATS)).await;

    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    let body = response.json();
    let timestamp: DateTime<Utc> = body["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(
        (timestamp - now).abs() < Duration::seconds(20),
        "{timestamp}"
    );
    let today = timestamp.with_time(NaiveTime::MIN).unwrap();
    let since = |start: DateTime<Utc>| created.iter().filter(|time| **time >= start).count();
    assert_eq!(
        body,
        json!({
            "total_users": 11,
            "active_users": 8,
            "inactive_users": 3,
            "superusers": 2,
            "new_users_today": since(today),
            "new_users_week": since(timestamp - week),
            "timestamp": body["timestamp"],
        })
    );
}

#[tokio::test]
async fn numbers_are_kept_for_a_minute_and_say_how_old_they_are() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let first = api.send(&fixture.get(STATS)).await;
    assert_eq!(first.header("age").unwrap(), "0");
    assert_eq!(
        first.header("cache-control").unwrap(),
        "private, max-age=60"
    );
    // A browser that changes its user within the minute asks again.
    assert_eq!(first.header("vary").unwrap(), "Authorization");

    fixture
        .database
        .insert(&[UserFixture::new(10, "late")])
        .await
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let second = api.send(&fixture.get(STATS)).await;
    assert_eq!(second.json(), first.json());
    let age: u32 = second.header("age").unwrap().parse().unwrap();
    assert!((1..30).contains(&age), "{age}");
}

#[tokio::test]
async fn a_request_with_no_cache_refreshes_the_numbers_for_all() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let first = api.send(&fixture.get(STATS)).await.json();
    fixture
        .database
        .insert(&[UserFixture::new(10, "late")])
        .await
        .unwrap();
    for header in ["no-cache", "max-age=0, No-Cache"] {
        let refreshed = api
            .send(&fixture.get(STATS).header("Cache-Control", header))
            .await;
        assert_eq!(refreshed.header("age").unwrap(), "0");
        assert_eq!(total(&refreshed.json()), total(&first) + 1);
    }
    let after = api.send(&fixture.get(STATS)).await;
    assert_eq!(total(&after.json()), total(&first) + 1);
}

#[tokio::test]
async fn the_cache_can_be_shortened_and_turned_off() {
    let fixture = Fixture::new().await;
    let uncached = Api::start(fixture.function("stats").env("STATS_CACHE_SECONDS", "0")).await;
    let short = Api::start(fixture.function("stats").env("STATS_CACHE_SECONDS", "1")).await;
    let before = total(&uncached.send(&fixture.get(STATS)).await.json());
    let response = short.send(&fixture.get(STATS)).await;
    assert_eq!(
        response.header("cache-control").unwrap(),
        "private, max-age=1"
    );

    fixture
        .database
        .insert(&[UserFixture::new(10, "late")])
        .await
        .unwrap();
    assert_eq!(
        total(&uncached.send(&fixture.get(STATS)).await.json()),
        before + 1
    );
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(
        total(&short.send(&fixture.get(STATS)).await.json()),
        before + 1
    );
}

#[tokio::test]
async fn an_empty_table_but_for_the_caller_counts_one() {
    let fixture = Fixture::new().await;
    sqlx::query("DELETE FROM users WHERE id <> 1")
        .execute(fixture.database.pool())
        .await
        .unwrap();
    let api = fixture.start("stats").await;
    let body = api.send(&fixture.get(STATS)).await.json();
    assert_eq!(
        body,
        json!({
            "total_users": 1,
            "active_users": 1,
            "inactive_users": 0,
            "superusers": 1,
            "new_users_today": 0,
            "new_users_week": 0,
            "timestamp": body["timestamp"],
        })
    );
}

#[tokio::test]
async fn stats_take_no_parameters() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let response = api
        .send(&fixture.get("/api/v1/dashboard/stats?period=month"))
        .await;
    let message = r#"Unknown parameter "period"; this path has no parameters"#;
    assert_error(&response, 400, "invalid_request", message);
}

fn total(body: &Value) -> i64 {
    body["total_users"].as_i64().unwrap()
}
