//! Deleting one user.

use rig::Request;
use serde_json::json;

use crate::fixture::{ADMIN, Fixture, ORDINARY, RETIRED, assert_error, assert_failure};
use crate::user_writes::{entry, user_path};

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_log_knows_what_it_was() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let etag = api
        .send(&fixture.on_user("GET", RETIRED))
        .await
        .header("etag")
        .unwrap();
    let delete = fixture.on_user("DELETE", RETIRED).header("if-match", &etag);
    let deleted = api.send(&delete).await;
    assert_eq!((deleted.status, deleted.text()), (204, String::new()));
    let again = api.send(&delete).await;
    assert_error(&again, 404, "not_found", "No user has this id");
    let before = json!({
        "email": "retired@example.com", "username": "retired", "full_name": null, "is_active": false,
        "is_superuser": true, "created_at": "2026-01-01T00:00:00+00:00",
        "updated_at": "2026-01-01T00:00:00+00:00",
    });
    let expected = entry("user.delete", None, RETIRED, before, json!(null));
    assert_eq!(fixture.audit().await, [expected]);
}

#[tokio::test]
async fn a_user_to_whom_other_tables_refer_is_kept_and_they_are_named() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    fixture
        .execute(
            "CREATE TABLE orders (id int, buyer bigint REFERENCES users (id));
             CREATE TABLE sessions (id int, user_id bigint REFERENCES users (id) ON DELETE CASCADE);
             CREATE TABLE \"Notes of\" (author bigint REFERENCES users (id) ON DELETE SET NULL);
             CREATE TABLE others (user_id bigint REFERENCES users (id));
             INSERT INTO sessions SELECT n, 2 FROM generate_series(1, 10001) AS n;
             INSERT INTO \"Notes of\" VALUES (2);
             INSERT INTO orders VALUES (1, 2), (2, 2), (3, 1)",
        )
        .await;
    let reference = |table: &str, key: &str, on_delete: &str, rows: u32, has_more: bool| {
        json!({
            "table": table, "foreign_key": key, "on_delete": on_delete, "rows": rows, "has_more": has_more,
        })
    };
    let notes = reference("\"Notes of\"", "Notes of_author_fkey", "set_null", 1, false);
    let orders = reference("orders", "orders_buyer_fkey", "restrict", 2, false);
    let sessions = reference("sessions", "sessions_user_id_fkey", "cascade", 10_000, true);
    for query in ["", "?dry_run=true"] {
        let path = format!("{}{query}", user_path(ORDINARY));
        let kept = api
            .send(&Request::new("DELETE", &path).bearer(&fixture.token(ADMIN)))
            .await;
        let body = json!({
            "error": "referenced",
            "message": "Other tables refer to this user, see references; deactivate the user instead, or \
                        remove these rows first",
            "references": [notes, orders, sessions],
        });
        assert_failure(&kept, 409, &body);
    }
    let refused = entry(
        "user.delete",
        Some("referenced"),
        ORDINARY,
        json!(null),
        json!(null),
    );
    assert_eq!(fixture.audit().await, [refused]);

    fixture.execute("DELETE FROM orders WHERE buyer = 2").await;
    let path = format!("{}?dry_run=true", user_path(ORDINARY));
    let preview = api
        .send(&Request::new("DELETE", &path).bearer(&fixture.token(ADMIN)))
        .await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    assert_eq!(preview.json()["references"], json!([notes, sessions]));
    assert_eq!(preview.json()["user"]["id"], ORDINARY);
    assert_eq!(fixture.count_users().await, 3);
    assert_eq!(fixture.audit().await.len(), 1);
    assert_eq!(
        api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
        204
    );
    let left: (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM sessions), count(*) FROM \"Notes of\"")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    assert_eq!(left, (0, 1));
}

#[tokio::test]
async fn a_reference_that_is_checked_at_the_end_keeps_a_user_too() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    fixture
        .execute(
            "CREATE TABLE orders (buyer bigint REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
             INSERT INTO orders VALUES (2)",
        )
        .await;
    for query in ["", "?dry_run=true"] {
        let path = format!("{}{query}", user_path(ORDINARY));
        let kept = api
            .send(&Request::new("DELETE", &path).bearer(&fixture.token(ADMIN)))
            .await;
        assert_eq!(kept.json()["error"], "referenced", "{}", kept.text());
    }
    assert_eq!(fixture.count_users().await, 3);
}
