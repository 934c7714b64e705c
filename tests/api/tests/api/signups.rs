use chrono::{DateTime, Duration, NaiveTime, Utc};
use rig::UserFixture;
use serde_json::{Value, json};

use crate::fixture::{Fixture, assert_error};

const SIGNUPS: &str = "/api/v1/dashboard/signups";

#[tokio::test]
async fn new_users_are_those_of_days_in_utc_and_no_day_is_left_out() {
    let midnight = Utc::now().with_time(NaiveTime::MIN).unwrap();
    let created = [
        midnight,
        midnight - Duration::microseconds(1),
        midnight - Duration::days(1),
        midnight - Duration::days(399),
        midnight - Duration::days(399) - Duration::microseconds(1),
        midnight + Duration::days(40),
    ];
    let users: Vec<_> = (10..)
        .zip(created)
        .map(|(id, time)| UserFixture::new(id, &format!("user{id}")).created_at(time))
        .collect();
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("stats").await;
    let response = api.send(&fixture.get(&format!("{SIGNUPS}?days=400"))).await;

    assert_eq!(response.status, 200);
    let body = response.json();
    let timestamp: DateTime<Utc> = body["timestamp"].as_str().unwrap().parse().unwrap();
    let today = timestamp.with_time(NaiveTime::MIN).unwrap();
    // There are users of the fixture's own besides.
    let all: Vec<DateTime<Utc>> = sqlx::query_scalar("SELECT created_at FROM users")
        .fetch_all(fixture.database.pool())
        .await
        .unwrap();
    let expected: Vec<_> = (0..400)
        .rev()
        .map(|ago| {
            let day = (today - Duration::days(ago)).date_naive();
            let new_users = all.iter().filter(|time| time.date_naive() == day).count();
            json!({ "date": day.to_string(), "new_users": new_users })
        })
        .collect();
    assert_eq!(body["days"], Value::Array(expected));

    // A user who is deleted does not count, and days are in UTC whatever the zone of the session that
    // adds changes up.
    let mut session = fixture.database.pool().acquire().await.unwrap();
    for statement in [
        "SET TimeZone = 'Pacific/Kiritimati'",
        "DELETE FROM users WHERE id = 12",
        "SELECT compact_user_counts()",
    ] {
        sqlx::query(statement).execute(&mut *session).await.unwrap();
    }
    session.detach();
    let fresh = fixture
        .get(&format!("{SIGNUPS}?days=2"))
        .header("cache-control", "no-cache");
    let days = api.send(&fresh).await.json()["days"].clone();
    assert_eq!(days.as_array().unwrap().len(), 2);
    let yesterday = &body["days"][398];
    assert_eq!(days[0]["date"], yesterday["date"]);
    assert_eq!(
        days[0]["new_users"].as_i64().unwrap(),
        yesterday["new_users"].as_i64().unwrap() - 1
    );
}

#[tokio::test]
async fn charts_of_all_lengths_are_cut_from_one_answer() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let month = api.send(&fixture.get(SIGNUPS)).await;
    assert_eq!(
        month.header("cache-control").unwrap(),
        "private, max-age=60"
    );
    assert_eq!(month.header("vary").unwrap(), "Authorization");
    assert!(month.header("age").is_some());
    let month = month.json();
    let days = month["days"].as_array().unwrap();
    assert_eq!(days.len(), 30);
    let one = api
        .send(&fixture.get(&format!("{SIGNUPS}?days=1")))
        .await
        .json();
    assert_eq!(one["timestamp"], month["timestamp"]);
    assert_eq!(one["days"], json!([days[29]]));
}

#[tokio::test]
async fn a_number_of_days_that_cannot_be_is_answered_with_the_limits() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    for days in ["0", "401", "-1", "1.5", "month"] {
        let response = api
            .send(&fixture.get(&format!("{SIGNUPS}?days={days}")))
            .await;
        let message = "Parameter days must be a whole number from 1 to 400";
        assert_error(&response, 400, "invalid_request", message);
    }
}

#[tokio::test]
async fn only_superusers_see_new_users() {
    let fixture = Fixture::new().await;
    let api = fixture.start("stats").await;
    let response = api.send(&rig::Request::get(SIGNUPS)).await;
    assert_eq!(response.status, 401);
}
