//! Bringing back users who were deleted.

use serde_json::json;

use crate::bulk_changes::DELETE;
use crate::fixture::{Fixture, ORDINARY, RETIRED, assert_error};
use crate::user_writes::{USERS, user_path};

fn path(id: i64) -> String {
    format!("{}/restore", user_path(id))
}

#[tokio::test]
async fn a_deleted_user_is_brought_back_as_it_was_without_its_password() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let was = api.send(&fixture.on_user("GET", RETIRED)).await.json();
    let delete = fixture
        .post(DELETE)
        .json(&json!({ "ids": [ORDINARY, RETIRED] }));
    assert_eq!(api.send(&delete).await.json()["deleted"], 2);
    let restored = api.send(&fixture.post(&path(RETIRED))).await;
    assert_eq!(restored.status, 200, "{}", restored.text());
    let body = restored.json();
    assert_eq!(body["missing"], json!(["password"]));
    let mut expected = was;
    expected["updated_at"] = body["user"]["updated_at"].clone();
    assert_eq!(body["user"], expected);
    let found = api.send(&fixture.on_user("GET", RETIRED)).await;
    assert_eq!(
        (found.json(), found.header("etag")),
        (expected, restored.header("etag"))
    );
    let hash: Option<String> = sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(RETIRED)
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
    assert_eq!(hash, None);
    let again = api.send(&fixture.post(&path(RETIRED))).await;
    assert_error(
        &again,
        409,
        "not_deleted",
        "A user has this id; change it instead",
    );
    let last: Vec<_> = fixture.audit().await.into_iter().rev().take(2).collect();
    assert_eq!(
        (last[0].0.as_str(), last[0].1.as_deref()),
        ("user.restore", Some("not_deleted"))
    );
    assert_eq!(
        (last[1].0.as_str(), last[1].2),
        ("user.restore", Some(RETIRED))
    );
    assert_eq!(last[1].4["email"], "retired@example.com");
}

#[tokio::test]
async fn a_user_whose_name_somebody_has_or_who_is_long_gone_stays_away() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    assert_eq!(
        api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
        204
    );
    let heir = json!({ "email": "heir@example.com", "username": "Ordinary" });
    let heir = api.send(&fixture.post(USERS).json(&heir)).await.json();
    let refused = api.send(&fixture.post(&path(ORDINARY))).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    let details = refused.json()["details"].clone();
    assert_eq!(details.as_array().unwrap().len(), 1, "{details}");
    assert_eq!(details[0]["field"], "username");
    let id = heir["id"].as_i64().unwrap();
    assert_eq!(api.send(&fixture.on_user("DELETE", id)).await.status, 204);
    let aged = "UPDATE user_audit SET occurred_at = occurred_at - INTERVAL '31 days'";
    for (age, status) in [(None, 200), (Some(aged), 404)] {
        if let Some(age) = age {
            assert_eq!(
                api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
                204
            );
            sqlx::query(age)
                .execute(fixture.database.pool())
                .await
                .unwrap();
        }
        let answer = api.send(&fixture.post(&path(ORDINARY))).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let ordinary = rig::Request::post(&path(ORDINARY)).bearer(&fixture.token(RETIRED));
    assert_eq!(api.send(&ordinary).await.status, 401);
}

#[tokio::test]
async fn a_restore_under_a_key_is_answered_again_as_before() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    assert_eq!(
        api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
        204
    );
    let keyed = |id| fixture.post(&path(id)).header("idempotency-key", "restore");
    let first = api.send(&keyed(ORDINARY)).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let again = api.send(&keyed(ORDINARY)).await;
    assert_eq!((again.status, again.json()), (200, first.json()));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("idempotent-replayed").unwrap(), "true");
    assert_eq!(api.send(&keyed(RETIRED)).await.status, 422);
}
