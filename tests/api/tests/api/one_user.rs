//! `GET /api/v1/users/{id}`.

use serde_json::json;

use crate::fixture::{Fixture, assert_error};

#[tokio::test]
async fn a_user_is_found_by_id_and_has_a_tag_that_changes_with_it() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let list = api.send(&fixture.get("/api/v1/users?sort_order=asc")).await;
    let expected = &list.json()["items"][1];
    let path = format!("/api/v1/users/{}", expected["id"]);
    let found = api.send(&fixture.get(&path)).await;
    assert_eq!(found.status, 200, "{}", found.text());
    assert_eq!(&found.json(), expected);

    let etag = found.header("etag").unwrap();
    let known = fixture.get(&path).header("if-none-match", &etag);
    let unchanged = api.send(&known).await;
    assert_eq!((unchanged.status, unchanged.text()), (304, String::new()));

    sqlx::query("UPDATE users SET full_name = 'Somebody Else' WHERE id = $1")
        .bind(expected["id"].as_i64())
        .execute(fixture.database.pool())
        .await
        .unwrap();
    let changed = api.send(&known).await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["full_name"], json!("Somebody Else"));
    assert_ne!(changed.header("etag").unwrap(), etag);
}

#[tokio::test]
async fn what_is_nobodys_id_is_not_found() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    for id in [
        "9",
        "0",
        "-1",
        "01",
        "+1",
        "1.0",
        "9223372036854775808",
        "me",
        "%31",
        "1%00",
    ] {
        let response = api.send(&fixture.get(&format!("/api/v1/users/{id}"))).await;
        assert_error(&response, 404, "not_found", "No user has this id");
    }
    let response = api.send(&fixture.get("/api/v1/users/1?fields=email")).await;
    assert_eq!(response.status, 400);
}
