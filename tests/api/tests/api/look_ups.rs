//! Users who are looked up by email, username or id, and those of a range of times.

use rig::UserFixture;
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error};

async fn fixture() -> (Fixture, Api) {
    let day = |day: u32| format!("2026-02-{day:02}T00:00:00Z").parse().unwrap();
    let users = [
        UserFixture::new(10, "Jürgen").email("J.Ott@Example.com"),
        UserFixture::new(11, "jurgen").email("ott@example.com"),
        UserFixture::new(12, "later").created_at(day(1)),
        UserFixture::new(13, "last").created_at(day(2)),
    ];
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    (fixture, api)
}

async fn list(fixture: &Fixture, api: &Api, query: &str) -> Value {
    let path = format!("/api/v1/users?sort_order=asc&{query}");
    let response = api.send(&fixture.get(&path)).await;
    assert_eq!(response.status, 200, "{query}: {}", response.text());
    response.json()
}

fn ids(list: &Value) -> Vec<i64> {
    let users = list["items"].as_array().unwrap().iter();
    users.map(|user| user["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn users_are_looked_up_as_uniqueness_has_them() {
    let (fixture, api) = fixture().await;
    for (query, expected) in [
        ("email=j.ott%40example.COM", &[10][..]),
        ("email=%20j.ott%40example.com%0A", &[10]),
        ("email=ott", &[]),
        // Accents tell usernames apart; searches do not.
        ("username=J%C3%9CRGEN", &[10]),
        ("username=ju%CC%88rgen", &[10]),
        ("username=JURGEN", &[11]),
        ("username=jurgen&email=j.ott%40example.com", &[]),
        ("id=11", &[11]),
        ("id=11&id=10&id=11&id=999", &[10, 11]),
        ("id=12,1&id=10&id=", &[1, 10, 12]),
        ("id=1,2,3&is_active=true&is_superuser=true", &[1]),
        ("id=9223372036854775807", &[]),
        (
            "id=&email=+&username=&created_from=",
            &[1, 2, 3, 10, 11, 12, 13],
        ),
        (
            "id=1,12,13&created_to=2026-02-02&sort_by=username",
            &[1, 12],
        ),
    ] {
        let body = list(&fixture, &api, query).await;
        assert_eq!(ids(&body), expected, "{query}");
        assert_eq!(
            (&body["total"], &body["total_relation"]),
            (&json!(expected.len()), &json!("eq")),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_range_has_its_beginning_and_not_its_end() {
    let (fixture, api) = fixture().await;
    for (query, expected) in [
        ("created_from=2026-02-01", &[12, 13][..]),
        ("created_from=2026-02-01&created_to=2026-02-02", &[12]),
        ("created_from=2026-02-01T00:00:00.000001Z", &[13]),
        ("created_from=2026-02-02T02:00:00%2B02:00", &[13]),
        (
            "created_to=2026-02-02T00:00:00.000001Z&created_from=2026-01-31T23:59:59Z",
            &[12, 13],
        ),
        ("created_from=2026-02-01&created_to=2026-02-01", &[]),
        ("created_to=2026-02-01&is_active=false", &[3]),
    ] {
        for count in ["capped", "exact"] {
            let body = list(&fixture, &api, &format!("{query}&count={count}")).await;
            assert_eq!(ids(&body), expected, "{query}");
            assert_eq!(body["total"], expected.len(), "{query}");
        }
        let body = list(&fixture, &api, &format!("{query}&count=none")).await;
        assert_eq!(body["total"], Value::Null, "{query}");
    }
}

#[tokio::test]
async fn cursors_and_links_lead_through_looked_up_users_and_ranges() {
    let (fixture, api) = fixture().await;
    for query in [
        "id=10,11&id=12,13&size=3&sort_by=email",
        "created_from=2026-01-01&created_to=2026-02-02&size=3",
    ] {
        let whole = ids(&list(&fixture, &api, &query.replace("size=3", "size=100")).await);
        let path = format!("/api/v1/users?sort_order=asc&{query}");
        let first = api.send(&fixture.get(&path)).await;
        let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
        let second = list(&fixture, &api, &format!("{query}&cursor={cursor}")).await;
        assert_eq!(
            [ids(&first.json()), ids(&second)].concat(),
            whole,
            "{query}"
        );
        assert_eq!(second["total"], whole.len());

        let links = first.header("link").unwrap();
        let next = links.split("rel=\"next\"").next().unwrap();
        let url = &next[next.rfind('<').unwrap() + 1..next.rfind('>').unwrap()];
        let linked = api.send(&fixture.get(url)).await;
        assert_eq!(ids(&linked.json()), ids(&second), "{url}");

        let other = format!("/api/v1/users?sort_order=asc&size=3&cursor={cursor}");
        assert_eq!(api.send(&fixture.get(&other)).await.status, 400);
    }
}

#[tokio::test]
async fn a_range_is_counted_as_far_as_is_asked_for() {
    let (fixture, api) = fixture().await;
    sqlx::query(
        "INSERT INTO users (email, username, created_at)
         SELECT 'many' || n || '@example.com', 'many' || n, '2026-03-01Z'
         FROM generate_series(1, 10001) AS n",
    )
    .execute(fixture.database.pool())
    .await
    .unwrap();
    for (count, total) in [
        ("capped", (json!(10_000), json!("gte"))),
        ("exact", (json!(10_001), json!("eq"))),
    ] {
        let query = format!("created_from=2026-03-01&size=1&count={count}");
        let body = list(&fixture, &api, &query).await;
        assert_eq!(
            (body["total"].clone(), body["total_relation"].clone()),
            total
        );
    }
}

#[tokio::test]
async fn what_no_index_serves_is_refused_with_all_that_is_in_the_way() {
    let (fixture, api) = fixture().await;
    let too_many: Vec<_> = (1..=101).map(|id| id.to_string()).collect();
    for (query, message) in [
        (
            "search=a&email=b&id=1&created_to=2026-01-01",
            "Parameters do not fit together: search does not combine with email, id, created_to",
        ),
        (
            "search=a&created_from=2026-01-02&created_to=2026-01-01&sort_by=email",
            "Parameters do not fit together: search does not combine with created_from, created_to; \
             sort_by must be created_at with created_from, created_to; created_from must not be after created_to",
        ),
        (
            "created_from=2026-01-01&sort_by=username",
            "Parameters do not fit together: sort_by must be created_at with created_from",
        ),
        (
            "created_from=yesterday",
            "Parameter created_from must be a date or an instant, such as 2026-01-31 or 2026-01-31T12:00:00Z; \
             the + of an offset is written %2B",
        ),
        (
            "created_to=2026-01-01T00:00:00+02:00",
            "Parameter created_to must be a date or an instant, such as 2026-01-31 or 2026-01-31T12:00:00Z; \
             the + of an offset is written %2B",
        ),
        (
            "id=01",
            "Parameter id must be the id of a user, or up to 100 ids",
        ),
        (
            &format!("id={}", too_many.join(",")),
            "Parameter id must be the id of a user, or up to 100 ids",
        ),
        (
            "email=a%00b",
            "Parameter email must not contain control characters",
        ),
        (
            "username=a&username=b",
            "Parameter username is given more than once",
        ),
    ] {
        let path = format!("/api/v1/users?{query}");
        let response = api.send(&fixture.get(&path)).await;
        assert_error(&response, 400, "invalid_request", message);
    }
}
