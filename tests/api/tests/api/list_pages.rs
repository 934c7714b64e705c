use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use rig::{Response, UserFixture};
use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error, users};

const SORT_KEYS: [&str; 3] = ["created_at", "username", "email"];
const ORDERS: [&str; 2] = ["asc", "desc"];

#[tokio::test]
async fn all_six_orders_can_be_walked_forward_and_backward_by_cursor() {
    let fixture = Fixture::with(&crowd()).await;
    let users = everyone();
    let api = fixture.start("users").await;
    for sort_by in SORT_KEYS {
        for order in ORDERS {
            let list = format!("/api/v1/users?sort_by={sort_by}&sort_order={order}&size=4");
            let expected = sorted(&users, sort_by, order);
            let pages = walk_forward(&api, &fixture, &list).await;
            assert_eq!(pages.concat(), expected, "{list}");
            assert!(
                pages.iter().rev().skip(1).all(|page| page.len() == 4),
                "{list}"
            );

            let backward = walk_backward(&api, &fixture, &list, pages.len()).await;
            assert_eq!(backward, pages, "{list}");
        }
    }
}

#[tokio::test]
async fn pages_by_number_have_the_same_rows_as_pages_by_cursor() {
    let fixture = Fixture::with(&crowd()).await;
    let users = everyone();
    let api = fixture.start("users").await;
    let list = "/api/v1/users?sort_by=username&sort_order=asc&size=4";
    let mut numbered = Vec::new();
    for page in 1..=pages_of(users.len()) {
        numbered.push(ids(&api
            .send(&fixture.get(&format!("{list}&page={page}")))
            .await));
    }
    assert_eq!(numbered, walk_forward(&api, &fixture, list).await);
}

#[tokio::test]
async fn a_walk_with_filter_and_search_meets_only_what_matches() {
    let fixture = Fixture::with(&crowd()).await;
    let users = everyone();
    let api = fixture.start("users").await;
    let list = "/api/v1/users?is_active=true&search=user&sort_by=email&sort_order=asc&size=3";
    let expected: Vec<i64> = sorted(&users, "email", "asc")
        .into_iter()
        .filter(|id| {
            let user = users.iter().find(|user| user.id() == *id).unwrap().json();
            user["is_active"] == true
                && user["username"]
                    .as_str()
                    .unwrap()
                    .to_lowercase()
                    .contains("user")
        })
        .collect();
    assert!(expected.len() > 6);
    let pages = walk_forward(&api, &fixture, list).await;
    assert_eq!(pages.concat(), expected);
    assert_eq!(
        walk_backward(&api, &fixture, list, pages.len()).await,
        pages
    );
}

#[tokio::test]
async fn rows_added_and_removed_during_a_walk_do_not_shift_it() {
    let fixture = Fixture::with(&crowd()).await;
    let users = everyone();
    let api = fixture.start("users").await;
    let list = "/api/v1/users?sort_by=created_at&sort_order=asc&size=4";
    let expected = sorted(&users, "created_at", "asc");
    let first = api.send(&fixture.get(list)).await.json();

    let early = UserFixture::new(500, "early").created_at(start() - Duration::days(1));
    fixture.database.insert(&[early]).await.unwrap();
    // The very row that the cursor stands on goes too.
    sqlx::query("DELETE FROM users WHERE id = $1")
        .bind(expected[3])
        .execute(fixture.database.pool())
        .await
        .unwrap();
    let second = api.send(&fixture.get(&next(list, &first))).await;
    assert_eq!(ids(&second), expected[4..8]);
}

#[tokio::test]
async fn a_page_by_cursor_has_no_number_but_the_same_totals() {
    let fixture = Fixture::with(&crowd()).await;
    let users = everyone();
    let api = fixture.start("users").await;
    let list = "/api/v1/users?sort_by=created_at&sort_order=asc&size=2";
    let first = api.send(&fixture.get(list)).await.json();
    let second = api.send(&fixture.get(&next(list, &first))).await.json();
    let expected = sorted(&users, "created_at", "asc");
    let json_of = |id: i64| users.iter().find(|user| user.id() == id).unwrap().json();
    assert_eq!(
        second,
        json!({
            "items": [json_of(expected[2]), json_of(expected[3])],
            "total": users.len(),
            "total_relation": "eq",
            "page": null,
            "size": 2,
            "pages": users.len().div_ceil(2),
            "complete": true,
            "next_cursor": second["next_cursor"],
            "prev_cursor": second["prev_cursor"],
        })
    );
    assert!(second["next_cursor"].is_string() && second["prev_cursor"].is_string());
}

#[tokio::test]
async fn a_cursor_is_refused_in_another_list() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let body = api.send(&fixture.get("/api/v1/users?size=1")).await.json();
    let cursor = body["next_cursor"].as_str().unwrap();
    let message = "Parameter cursor belongs to a list with other filters or another order; \
                   repeat the parameters of the request that gave it out";
    for other in [
        "sort_by=username",
        "sort_order=asc",
        "is_active=true",
        "is_superuser=false",
        "search=a",
    ] {
        let path = format!("/api/v1/users?{other}&cursor={cursor}");
        assert_error(
            &api.send(&fixture.get(&path)).await,
            400,
            "invalid_request",
            message,
        );
    }
    // The size of a page is not part of the list.
    let path = format!("/api/v1/users?size=2&cursor={cursor}");
    assert_eq!(ids(&api.send(&fixture.get(&path)).await), [2, 1]);
}

#[tokio::test]
async fn a_cursor_cut_short_or_changed_is_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let body = api.send(&fixture.get("/api/v1/users?size=1")).await.json();
    let cursor = body["next_cursor"].as_str().unwrap();
    let json = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let mut before_all_time: Value = serde_json::from_slice(&json).unwrap();
    // A microsecond before 4714-11-24 BC, where PostgreSQL's calendar begins.
    before_all_time["k"] = "-210866803200000001".into();
    let message = "Parameter cursor is not a cursor that this API gave out";
    for broken in [
        URL_SAFE_NO_PAD.encode(before_all_time.to_string()),
        cursor[..cursor.len() - 4].to_owned(),
        format!("{cursor}AAAA"),
        format!("x{}", &cursor[1..]),
        cursor.repeat(50),
    ] {
        let path = format!("/api/v1/users?cursor={broken}");
        assert_error(
            &api.send(&fixture.get(&path)).await,
            400,
            "invalid_request",
            message,
        );
    }
}

#[tokio::test]
async fn the_link_header_leads_to_the_other_pages() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let links = async |query: &str| {
        let response = api
            .send(&fixture.get(&format!("/api/v1/users?{query}")))
            .await;
        response.header("link").unwrap()
    };
    let page = |page: u32| {
        format!(
            "</api/v1/users?is_active=true&search=a+b%25&sort_by=email&sort_order=asc&size=1&page={page}>"
        )
    };
    // Nothing matches, so first is all there is.
    assert_eq!(
        links("sort_order=asc&sort_by=email&search=a%20b%25&is_active=true&size=1").await,
        format!(r#"{}; rel="first""#, page(1))
    );

    let page = |page: u32| {
        format!("</api/v1/users?sort_by=created_at&sort_order=desc&size=1&page={page}>")
    };
    assert_eq!(
        links("size=1&page=2").await,
        format!(
            r#"{}; rel="first", {}; rel="prev", {}; rel="next", {}; rel="last""#,
            page(1),
            page(1),
            page(3),
            page(3)
        )
    );
    assert_eq!(
        links("size=1&page=3").await,
        format!(
            r#"{}; rel="first", {}; rel="prev", {}; rel="last""#,
            page(1),
            page(2),
            page(3)
        )
    );
}

#[tokio::test]
async fn the_links_of_a_page_by_cursor_lead_on() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let first = api.send(&fixture.get("/api/v1/users?size=1")).await.json();
    let path = next("/api/v1/users?size=1", &first);
    let second = api.send(&fixture.get(&path)).await;
    let link = second.header("link").unwrap();
    let target = |relation: &str| {
        let part = link
            .split(", ")
            .find(|part| part.ends_with(&format!(r#"rel="{relation}""#)));
        let (url, _) = part?.split_once('>')?;
        Some(url.trim_start_matches('<').to_owned())
    };
    assert_eq!(
        ids(&api.send(&fixture.get(&target("next").unwrap())).await),
        [1]
    );
    assert_eq!(
        ids(&api.send(&fixture.get(&target("prev").unwrap())).await),
        [3]
    );
    assert_eq!(
        ids(&api.send(&fixture.get(&target("first").unwrap())).await),
        [3]
    );
    assert_eq!(target("last"), None);
}

#[tokio::test]
async fn a_page_past_the_end_is_empty_and_says_where_the_end_is() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let response = api.send(&fixture.get("/api/v1/users?page=9&size=2")).await;
    let body = response.json();
    assert_eq!(body["items"], json!([]));
    assert_eq!(
        (
            &body["total"],
            &body["page"],
            &body["pages"],
            &body["next_cursor"]
        ),
        (&json!(3), &json!(9), &json!(2), &Value::Null)
    );
}

fn everyone() -> Vec<UserFixture> {
    users().into_iter().chain(crowd()).collect()
}

/// Users whose keys are often equal or differ in case alone, so that only the id orders them.
fn crowd() -> Vec<UserFixture> {
    (100..127)
        .map(|id: i64| {
            let name = match id % 5 {
                0 => format!("USER{id}"),
                1 => format!("user{id}"),
                2 => format!("Émile{id}"),
                3 => format!("_odd.{id}"),
                _ => format!("Zoe-user{id}"),
            };
            let user = UserFixture::new(id, &name)
                .email(&format!(
                    "{}{id}@Example.com",
                    if id % 2 == 0 { "B" } else { "a" }
                ))
                .created_at(start() + Duration::microseconds(id % 4));
            if id % 7 == 0 { user.inactive() } else { user }
        })
        .collect()
}

fn start() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn sorted(users: &[UserFixture], sort_by: &str, order: &str) -> Vec<i64> {
    let mut keys: Vec<(String, i64)> = users
        .iter()
        .map(|user| {
            let user = user.json();
            let text = user[sort_by].as_str().unwrap();
            let key = match text.parse::<DateTime<Utc>>() {
                Ok(time) => format!("{:020}", time.timestamp_micros()),
                Err(_) => text.to_lowercase(),
            };
            (key, user["id"].as_i64().unwrap())
        })
        .collect();
    keys.sort();
    if order == "desc" {
        keys.reverse();
    }
    keys.into_iter().map(|(_, id)| id).collect()
}

async fn walk_forward(api: &Api, fixture: &Fixture, list: &str) -> Vec<Vec<i64>> {
    let mut pages = Vec::new();
    let mut path = list.to_owned();
    loop {
        let response = api.send(&fixture.get(&path)).await;
        pages.push(ids(&response));
        let body = response.json();
        if body["next_cursor"].is_null() {
            return pages;
        }
        path = next(list, &body);
    }
}

/// Goes to the last page and back to the first.
async fn walk_backward(api: &Api, fixture: &Fixture, list: &str, pages: usize) -> Vec<Vec<i64>> {
    let mut path = format!("{list}&page={pages}");
    let mut walked = Vec::new();
    loop {
        let response = api.send(&fixture.get(&path)).await;
        walked.insert(0, ids(&response));
        match response.json()["prev_cursor"].as_str() {
            Some(cursor) => path = format!("{list}&cursor={cursor}"),
            None => return walked,
        }
    }
}

fn next(list: &str, body: &Value) -> String {
    format!("{list}&cursor={}", body["next_cursor"].as_str().unwrap())
}

fn pages_of(users: usize) -> usize {
    users.div_ceil(4)
}

fn ids(response: &Response) -> Vec<i64> {
    assert_eq!(response.status, 200, "{}", response.text());
    let body = response.json();
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|user| user["id"].as_i64().unwrap())
        .collect()
}
