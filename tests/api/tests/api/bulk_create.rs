use serde_json::{Value, json};

use crate::fixture::{Api, Fixture, assert_error};
use crate::imports::BULK;

#[tokio::test]
async fn users_are_created_together_and_returned_in_request_order() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([
        { "email": "zoe@example.com", "username": "zoe", "full_name": "Zoë Ångström" },
        { "email": "Bob@Example.com", "username": "Bob", "is_active": false, "is_superuser": true },
        { "email": "amy@example.com", "username": "amy", "full_name": null, "password": null },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    assert_eq!(response.header("content-type").unwrap(), "application/json");

    let stored = async |username: &str| stored(&fixture, username).await;
    let (zoe, bob, amy) = (
        stored("zoe").await,
        stored("Bob").await,
        stored("amy").await,
    );
    assert_eq!(
        response.json(),
        json!([
            {
                "id": zoe["id"],
                "email": "zoe@example.com",
                "username": "zoe",
                "full_name": "Zoë Ångström",
                "is_active": true,
                "is_superuser": false,
                "created_at": zoe["created_at"],
                "updated_at": zoe["created_at"],
                "result": "created",
            },
            {
                "id": bob["id"],
                "email": "Bob@Example.com",
                "username": "Bob",
                "full_name": null,
                "is_active": false,
                "is_superuser": true,
                "created_at": bob["created_at"],
                "updated_at": bob["created_at"],
                "result": "created",
            },
            {
                "id": amy["id"],
                "email": "amy@example.com",
                "username": "amy",
                "full_name": null,
                "is_active": true,
                "is_superuser": false,
                "created_at": amy["created_at"],
                "updated_at": amy["created_at"],
                "result": "created",
            },
        ])
    );
    assert_eq!(fixture.count_users().await, 6);
}

#[tokio::test]
async fn a_password_is_stored_as_argon2id_and_a_hash_as_it_is() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let bcrypt = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    let rows = json!([
        { "email": "plain@example.com", "username": "plain", "password": "correct horse battery" },
        { "email": "hashed@example.com", "username": "hashed", "password_hash": bcrypt },
        { "email": "none@example.com", "username": "none" },
    ]);
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    assert!(!response.text().contains("password") && !response.text().contains('$'));

    let hash = async |username: &str| -> Option<String> {
        sqlx::query_scalar("SELECT password_hash FROM users WHERE username = $1")
            .bind(username)
            .fetch_one(fixture.database.pool())
            .await
            .unwrap()
    };
    let plain = hash("plain").await.unwrap();
    assert!(
        plain.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{plain}"
    );
    assert_eq!(hash("hashed").await.unwrap(), bcrypt);
    assert!(hash("none").await.is_none_or(|hash| !hash.starts_with('$')));
}

#[tokio::test]
async fn a_body_in_base64_is_read_too() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([{ "email": "amy@example.com", "username": "amy" }]);
    let response = api.send(&fixture.post(BULK).json(&rows).base64()).await;
    assert_eq!(response.status, 201, "{}", response.text());
}

#[tokio::test]
async fn a_body_that_is_no_array_of_users_is_an_invalid_request() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let no_array = "The body must be a JSON array of users";
    for (body, message) in [
        (
            "",
            "The body is not valid JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "[{",
            "The body is not valid JSON: EOF while parsing an object at line 1 column 2",
        ),
        (
            "nonsense",
            "The body is not valid JSON: expected ident at line 1 column 2",
        ),
        (
            r#"[{"email": "amy@example.com", "username": "amy"}] trailing"#,
            "The body is not valid JSON: trailing characters at line 1 column 51",
        ),
        (
            r#"{"email": "amy@example.com", "username": "amy"}"#,
            no_array,
        ),
        ("null", no_array),
        (r#""text""#, no_array),
        ("[]", "The body must hold at least one user"),
    ] {
        let request = fixture
            .post(BULK)
            .header("content-type", "application/json")
            .body(body);
        assert_error(&api.send(&request).await, 400, "invalid_request", message);
    }
    let request = fixture
        .post(BULK)
        .header("content-type", "application/json")
        .body([0xff, 0xfe]);
    assert_eq!(api.send(&request).await.status, 400);
    assert_eq!(fixture.count_users().await, 3);
}

#[tokio::test]
async fn more_rows_than_allowed_are_too_large() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("bulk-create").env("BULK_MAX_ROWS", "2")).await;
    let row = |name: &str| json!({ "email": format!("{name}@example.com"), "username": name });
    let three = json!([row("a"), row("b"), row("c")]);
    let response = api.send(&fixture.post(BULK).json(&three)).await;
    let message = "A request may contain at most 2 users; this one contains 3";
    assert_error(&response, 413, "too_large", message);
    let two = json!([row("a"), row("b")]);
    assert_eq!(api.send(&fixture.post(BULK).json(&two)).await.status, 201);
}

#[tokio::test]
async fn a_thousand_rows_are_created_at_once() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows: Value = (0..1000)
        .map(|n| json!({ "email": format!("user{n}@example.com"), "username": format!("user{n}") }))
        .collect();
    let response = api.send(&fixture.post(BULK).json(&rows)).await;
    assert_eq!(response.status, 201);
    let body = response.json();
    let created = body.as_array().unwrap();
    assert_eq!(created.len(), 1000);
    for (n, user) in created.iter().enumerate() {
        assert_eq!(user["username"], format!("user{n}"));
    }
    assert_eq!(fixture.count_users().await, 1003);
}

#[tokio::test]
async fn another_content_type_is_not_supported() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = r#"[{ "email": "amy@example.com", "username": "amy" }]"#;
    for content_type in [
        "application/xml",
        "text/plain",
        "multipart/form-data",
        "json",
        "",
    ] {
        let request = fixture
            .post(BULK)
            .header("content-type", content_type)
            .body(rows);
        let response = api.send(&request).await;
        let message = format!(
            "The body must be application/json, application/x-ndjson or text/csv, in UTF-8; it was sent as \
             {content_type:?}"
        );
        assert_error(&response, 415, "unsupported_media_type", &message);
    }
    assert_eq!(api.send(&fixture.post(BULK).body(rows)).await.status, 415);
    let request = fixture
        .post(BULK)
        .header("Content-Type", "Application/JSON; charset=UTF-8")
        .body(rows);
    assert_eq!(api.send(&request).await.status, 201);
}

#[tokio::test]
async fn bulk_create_takes_no_unknown_parameters() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let rows = json!([{ "email": "amy@example.com", "username": "amy" }]);
    let response = api
        .send(&fixture.post("/api/v1/users/bulk?force=true").json(&rows))
        .await;
    let message = r#"Unknown parameter "force"; supported: on_conflict, dry_run, accept_hashes, keep_ids, spreadsheet"#;
    assert_error(&response, 400, "invalid_request", message);
    assert_eq!(fixture.count_users().await, 3);
}

async fn stored(fixture: &Fixture, username: &str) -> Value {
    let (id, created_at): (i64, chrono::DateTime<chrono::Utc>) =
        sqlx::query_as("SELECT id::bigint, created_at FROM users WHERE username = $1")
            .bind(username)
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    json!({ "id": id, "created_at": created_at })
}
