//! Creating one user.

use serde_json::json;

use crate::fixture::{ADMIN, Api, Fixture, assert_error, assert_failure};
use crate::user_writes::{USERS, entry, user_path};

#[tokio::test]
async fn a_created_user_is_answered_with_its_place_and_tag() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let user = json!({
        "email": "zoe@example.com", "username": "zoe", "password": "correct horse", "is_superuser": true,
    });
    let created = api.send(&fixture.post(USERS).json(&user)).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let id = created.json()["id"].as_i64().unwrap();
    assert_eq!(created.header("location").unwrap(), user_path(id));
    let found = api.send(&fixture.on_user("GET", id)).await;
    assert_eq!(found.json(), created.json());
    assert_eq!(found.header("etag"), created.header("etag"));
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let after = json!({
        "email": "zoe@example.com", "username": "zoe", "full_name": null, "is_active": true,
        "is_superuser": true, "password": "set",
    });
    let expected = entry("user.create", None, id, json!(null), after);
    assert_eq!(fixture.audit().await, [expected]);
    let (actor, address, request): (i64, String, String) =
        sqlx::query_as("SELECT actor_id, host(source_address), request_id FROM user_audit")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    assert_eq!((actor, address.as_str()), (ADMIN, "192.0.2.1"));
    assert_eq!(created.header("x-request-id").unwrap(), request);
}

#[tokio::test]
async fn a_user_who_cannot_be_created_is_answered_with_every_reason() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let taken = json!({ "email": "ORDINARY@example.com", "username": "Admin" });
    let response = api.send(&fixture.post(USERS).json(&taken)).await;
    let detail = |field: &str| {
        json!({
            "index": 0, "field": field, "code": "already_exists",
            "message": format!("a user with this {field} exists already"),
        })
    };
    let body = json!({
        "error": "conflict",
        "message": "Nothing was created: 2 values are already in use, see details",
        "details": [detail("email"), detail("username")],
    });
    assert_failure(&response, 409, &body);
    let bad = json!({ "email": "nonsense", "username": "a", "is_active": "yes", "role": "root" });
    let response = api.send(&fixture.post(USERS).json(&bad)).await;
    assert_eq!(response.status, 422);
    let details = response.json()["details"].clone();
    let fields: Vec<_> = details
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["field"])
        .collect();
    assert_eq!(fields, [&json!("email"), &json!("is_active"), &json!(null)]);
    let array = fixture.post(USERS).json(&json!([bad]));
    assert_error(
        &api.send(&array).await,
        400,
        "invalid_request",
        "The body must be a JSON object",
    );
    let text = fixture
        .post(USERS)
        .header("content-type", "text/csv")
        .body("email");
    assert_error(
        &api.send(&text).await,
        415,
        "unsupported_media_type",
        "The body must be application/json, in UTF-8 and not compressed",
    );
    assert_eq!(fixture.count_users().await, 3);
    // What was refused for what is stored is in the log; what makes no sense is not.
    let refused = (
        "user.create".to_owned(),
        Some("conflict".to_owned()),
        None,
        json!(null),
        json!(null),
    );
    assert_eq!(fixture.audit().await, [refused]);
}

#[tokio::test]
async fn a_write_under_a_key_is_done_once() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    let user =
        json!({ "email": "zoe@example.com", "username": "zoe", "password": "correct horse" });
    let create = fixture
        .post(USERS)
        .json(&user)
        .header("idempotency-key", "new zoe");
    let first = api.send(&create).await;
    assert_eq!(
        (first.status, first.header("idempotent-replayed")),
        (201, None)
    );
    let again = api.send(&create).await;
    assert_eq!((again.status, again.text()), (201, first.text()));
    assert_eq!(again.header("idempotent-replayed").unwrap(), "true");
    for name in ["etag", "location"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    let id = first.json()["id"].as_i64().unwrap();

    let patch = fixture
        .patch(id, &json!({ "full_name": "Zoe" }))
        .header("idempotency-key", "name");
    let first = api.send(&patch).await;
    let again = api.send(&patch).await;
    assert_eq!((again.status, again.text()), (200, first.text()));
    assert_eq!(again.header("etag"), first.header("etag"));
    // The same key, and another method, is another request.
    let delete = fixture
        .on_user("DELETE", id)
        .header("idempotency-key", "name");
    assert_eq!(
        api.send(&delete).await.json()["error"],
        "idempotency_mismatch"
    );
    let delete = fixture
        .on_user("DELETE", id)
        .header("idempotency-key", "bye");
    for replayed in [None, Some("true".to_owned())] {
        let deleted = api.send(&delete).await;
        assert_eq!((deleted.status, deleted.text()), (204, String::new()));
        assert_eq!(deleted.header("idempotent-replayed"), replayed);
    }
    assert_eq!(fixture.audit().await.len(), 3);
    assert_eq!(fixture.count_users().await, 3);
}
