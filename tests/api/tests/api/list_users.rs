use rig::{Response, UserFixture};
use serde_json::{Value, json};

use crate::fixture::{Fixture, assert_error, users};

#[tokio::test]
async fn a_list_shows_users_whole_and_newest_first() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let response = api.send(&fixture.get("/api/v1/users")).await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    assert_eq!(
        response.json(),
        json!({
            "items": [
                {
                    "id": 3,
                    "email": "retired@example.com",
                    "username": "retired",
                    "full_name": null,
                    "is_active": false,
                    "is_superuser": true,
                    "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z",
                },
                {
                    "id": 2,
                    "email": "ordinary@example.com",
                    "username": "ordinary",
                    "full_name": null,
                    "is_active": true,
                    "is_superuser": false,
                    "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z",
                },
                {
                    "id": 1,
                    "email": "admin@example.com",
                    "username": "admin",
                    "full_name": "Ada Admin",
                    "is_active": true,
                    "is_superuser": true,
                    "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z",
                },
            ],
            "total": 3,
            "total_relation": "eq",
            "page": 1,
            "size": 50,
            "pages": 1,
            "complete": true,
            "next_cursor": null,
            "prev_cursor": null,
        })
    );
}

#[tokio::test]
async fn filters_work_alone_and_together() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    for (query, expected) in [
        ("is_active=true", vec![2, 1]),
        ("is_active=false", vec![3]),
        ("is_superuser=true", vec![3, 1]),
        ("is_superuser=false", vec![2]),
        ("is_active=true&is_superuser=true", vec![1]),
        ("is_active=false&is_superuser=false", vec![]),
        ("is_active=true&is_superuser=true&search=ADA", vec![1]),
        ("is_active=false&search=ada", vec![]),
    ] {
        let response = api
            .send(&fixture.get(&format!("/api/v1/users?{query}")))
            .await;
        assert_eq!(ids(&response), expected, "{query}");
        assert_eq!(response.json()["total"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn a_list_without_matches_is_empty() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let response = api.send(&fixture.get("/api/v1/users?search=nobody")).await;
    assert_eq!(
        response.json(),
        json!({
            "items": [],
            "total": 0,
            "total_relation": "eq",
            "page": 1,
            "size": 50,
            "pages": 0,
            "complete": true,
            "next_cursor": null,
            "prev_cursor": null,
        })
    );
}

#[tokio::test]
async fn search_finds_substrings_of_each_field_in_any_case() {
    let users = [
        UserFixture::new(10, "Grace.Hopper")
            .email("rear.admiral@navy.example.com")
            .full_name("Grace Brewster Murray Hopper"),
        UserFixture::new(11, "jürgen")
            .email("j@example.com")
            .full_name("Jürgen ÖZDEMİR"),
    ];
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    for (term, expected) in [
        ("hopper", vec![10]),
        ("GRACE.H", vec![10]),
        ("Admiral%40NAVY", vec![10]),
        ("brewster%20murray", vec![10]),
        ("brewster+murray", vec![10]),
        ("J%C3%9CRGEN", vec![11]),
        ("%C3%B6zdemi", vec![11]),
        ("ozdemir", vec![11]),
        ("hopperrear", vec![]),
        ("x", vec![3, 2, 1, 11, 10]),
        ("Ada", vec![1]),
    ] {
        let path = format!("/api/v1/users?search={term}");
        let mut found = ids(&api.send(&fixture.get(&path)).await);
        let mut expected = expected;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{term}");
    }
}

#[tokio::test]
async fn a_search_finds_a_letter_however_it_is_written() {
    let users = [
        UserFixture::new(10, "josé"),
        UserFixture::new(11, "ulysses").full_name("Οδυσσευς"),
        UserFixture::new(12, "kostas").full_name("ΚΩΣΤΑΣ ΠΑΠΑΣ"),
    ];
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    for (term, expected) in [
        ("jose%CC%81", vec![10]),
        ("JOSE%CC%81", vec![10]),
        ("%CE%9F%CE%94%CE%A5%CE%A3", vec![11]), // ΟΔΥΣ, which goes on
        ("%CE%BF%CE%B4%CF%85%CF%83%CF%83%CE%B5%CF%85%CF%83", vec![11]), // οδυσσευσ
        ("%CE%BA%CF%89%CF%83%CF%84%CE%B1%CF%82", vec![12]), // κωστας
        ("%CE%A0%CE%B1%CF%80%CE%B1%CF%83", vec![12]), // Παπασ
    ] {
        let path = format!("/api/v1/users?search={term}");
        assert_eq!(
            ids(&api.send(&fixture.get(&path)).await),
            expected,
            "{term}"
        );
    }
}

#[tokio::test]
async fn pattern_characters_in_a_search_are_ordinary() {
    let users = [
        UserFixture::new(10, "under_score").full_name("100% sure"),
        UserFixture::new(11, "underXscore").full_name("100 percent sure"),
        UserFixture::new(12, "back").full_name(r"C:\users"),
        UserFixture::new(13, "quote").full_name("O'Neil; --"),
    ];
    let fixture = Fixture::with(&users).await;
    let api = fixture.start("users").await;
    for (term, expected) in [
        ("under_score", vec![10]),
        ("r_s", vec![10]),
        ("_", vec![10]),
        ("%25", vec![10]),
        ("100%25", vec![10]),
        ("0%25+s", vec![10]),
        ("%5C", vec![12]),
        ("%3A%5Cu", vec![12]),
        ("%5C%25", vec![]),
        ("%5C%5C", vec![]),
        ("O%27Neil%3B+--", vec![13]),
    ] {
        let path = format!("/api/v1/users?search={term}");
        assert_eq!(
            ids(&api.send(&fixture.get(&path)).await),
            expected,
            "{term}"
        );
    }
}

#[tokio::test]
async fn counting_can_be_exact_or_left_out() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let exact = api
        .send(&fixture.get("/api/v1/users?search=e&count=exact"))
        .await
        .json();
    assert_eq!(
        (&exact["total"], &exact["total_relation"], &exact["pages"]),
        (&json!(3), &json!("eq"), &json!(1))
    );
    let none = api
        .send(&fixture.get("/api/v1/users?size=1&count=none"))
        .await
        .json();
    assert_eq!(
        none,
        json!({
            "items": [users()[2].json()],
            "total": null,
            "total_relation": null,
            "page": 1,
            "size": 1,
            "pages": null,
            "complete": true,
            "next_cursor": none["next_cursor"],
            "prev_cursor": null,
        })
    );
    assert!(none["next_cursor"].is_string());
}

#[tokio::test]
async fn a_capped_count_of_a_search_stops_at_ten_thousand() {
    let fixture = Fixture::new().await;
    sqlx::query(
        "INSERT INTO users (email, username)
         SELECT 'many' || n || '@example.com', 'many' || n FROM generate_series(1, 10001) AS n",
    )
    .execute(fixture.database.pool())
    .await
    .unwrap();
    let api = fixture.start("users").await;
    let totals = async |query: &str| {
        let path = format!("/api/v1/users?size=1&{query}");
        let body = api.send(&fixture.get(&path)).await.json();
        (
            body["total"].clone(),
            body["total_relation"].clone(),
            body["pages"].clone(),
        )
    };
    let capped = (json!(10_000), json!("gte"), Value::Null);
    assert_eq!(totals("search=many").await, capped);
    let exact = (json!(10_001), json!("eq"), json!(10_001));
    assert_eq!(totals("search=many&count=exact").await, exact);
    let unfiltered = (json!(10_004), json!("eq"), json!(10_004));
    assert_eq!(totals("count=capped").await, unfiltered);
}

#[tokio::test]
async fn a_bad_parameter_is_refused_with_its_name_and_what_is_allowed() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    for (query, message) in [
        (
            "limit=10",
            r#"Unknown parameter "limit"; supported: is_active, is_superuser, search, email, username, id, created_from, created_to, sort_by, sort_order, page, size, cursor, count"#,
        ),
        (
            "size=0",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "size=101",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "size=-1",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "size=ten",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "size=1.5",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "size=99999999999999999999",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "page=201",
            "Parameter page may reach at most 10000 users deep, which is page 200 at this size; \
             continue with the next_cursor of an earlier page",
        ),
        (
            "page=0",
            "Parameter page must be a whole number from 1 to 10000",
        ),
        (
            "sort_by=password_hash",
            "Parameter sort_by must be one of created_at, username, email",
        ),
        (
            "sort_by=user",
            "Parameter sort_by must be one of created_at, username, email",
        ),
        (
            "sort_order=up",
            "Parameter sort_order must be one of asc, desc",
        ),
        (
            "is_active=2",
            "Parameter is_active must be one of true, false, 1, 0",
        ),
        (
            "is_superuser=yes",
            "Parameter is_superuser must be one of true, false, 1, 0",
        ),
        (
            "count=all",
            "Parameter count must be one of exact, capped, none",
        ),
        ("size=10&size=20", "Parameter size is given more than once"),
        ("size=10&size=10", "Parameter size is given more than once"),
        (
            "page=1&cursor=abc",
            "Parameters page and cursor are mutually exclusive",
        ),
        (
            "cursor=bm90IGEgY3Vyc29y",
            "Parameter cursor is not a cursor that this API gave out",
        ),
        (
            "search=J%FCrgen",
            "Parameter search is not valid UTF-8; percent-encode its text as UTF-8, ü as %C3%BC for example",
        ),
        (
            "cursor=%00",
            "Parameter cursor is not a cursor that this API gave out",
        ),
    ] {
        let response = api
            .send(&fixture.get(&format!("/api/v1/users?{query}")))
            .await;
        assert_eq!(response.status, 400, "{query}");
        assert_error(&response, 400, "invalid_request", message);
    }
}

#[tokio::test]
async fn parameters_are_read_as_forms_and_other_languages_write_them() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    for (query, expected) in [
        ("search=&size=&cursor=&is_active=", &[3, 2, 1][..]),
        ("is_active=&search=&sort_by=created_at", &[3, 2, 1]),
        ("is_active=True", &[2, 1]),
        ("is_active=1&sort_order=ASC", &[1, 2]),
        ("is_superuser=FALSE", &[2]),
    ] {
        let response = api
            .send(&fixture.get(&format!("/api/v1/users?{query}")))
            .await;
        assert_eq!(ids(&response), expected, "{query}");
    }
}

#[tokio::test]
async fn a_search_that_the_database_cannot_take_is_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    for term in [
        "%00",
        "a%00b",
        "%CC%81",
        &"x".repeat(5000),
        &"a+".repeat(17),
    ] {
        let response = api
            .send(&fixture.get(&format!("/api/v1/users?search={term}")))
            .await;
        assert_eq!(response.status, 400, "{}", response.text());
        let message = response.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("Parameter search must "), "{message}");
    }
}

#[tokio::test]
async fn no_answer_shows_a_password_hash() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let text = api.send(&fixture.get("/api/v1/users")).await.text();
    assert!(
        !text.contains("argon2") && !text.contains("password"),
        "{text}"
    );
}

fn ids(response: &Response) -> Vec<i64> {
    assert_eq!(response.status, 200, "{}", response.text());
    let items = response.json()["items"].clone();
    let items = items.as_array().unwrap().clone();
    items
        .iter()
        .map(|user| user["id"].as_i64().unwrap())
        .collect()
}
