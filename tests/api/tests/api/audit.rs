//! Reading the log of changes.

use std::time::Duration;

use rig::Request;
use serde_json::{Value, json};

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, RETIRED, assert_error};
use crate::user_writes::{USERS, user_path};

const LOG: &str = "/api/v1/audit";

/// A fixture with five entries: one created, three changed, one refused.
async fn fixture() -> (Fixture, Api) {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let zoe = json!({ "email": "zoe@example.com", "username": "zoe", "password": "correct horse" });
    assert_eq!(api.send(&fixture.post(USERS).json(&zoe)).await.status, 201);
    for (id, patch, status) in [
        (ORDINARY, json!({ "is_superuser": true }), 200),
        (RETIRED, json!({ "full_name": "Rita" }), 200),
        (
            ORDINARY,
            json!({ "full_name": "Olga", "is_superuser": false }),
            200,
        ),
        (ADMIN, json!({ "is_active": false }), 409),
    ] {
        assert_eq!(api.send(&fixture.patch(id, &patch)).await.status, status);
    }
    settle(&fixture).await;
    (fixture, api)
}

/// Waits until no transaction in progress, of any database of the server, may precede an entry.
async fn settle(fixture: &Fixture) {
    let is_settled = "SELECT NOT EXISTS (
         SELECT FROM user_audit
         WHERE transaction_id >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
     )";
    let wait = async {
        while !sqlx::query_scalar::<_, bool>(is_settled)
            .fetch_one(fixture.database.pool())
            .await
            .unwrap()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait)
        .await
        .unwrap();
}

async fn read(api: &Api, fixture: &Fixture, path: &str) -> Value {
    let response = api.send(&fixture.get(path)).await;
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

fn targets(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|entry| entry["target"]["id"].as_i64().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn an_entry_says_who_did_what_to_whom_from_where() {
    let (fixture, api) = fixture().await;
    let page = read(
        &api,
        &fixture,
        &format!("{LOG}?target={ORDINARY}&sort_order=asc&size=1"),
    )
    .await;
    let mut entry = page["items"][0].clone();
    for name in ["id", "occurred_at", "request_id", "transaction"] {
        assert!(!entry[name].is_null(), "{name}");
        entry.as_object_mut().unwrap().remove(name);
    }
    let expected = json!({
        "action": "user.update",
        "refusal": null,
        "actor": { "kind": "user", "id": ADMIN, "username": "admin" },
        "target": { "id": ORDINARY, "username": "ordinary" },
        "before": { "is_superuser": false },
        "after": { "is_superuser": true },
        "source_address": "192.0.2.1",
        "is_row": false,
    });
    assert_eq!(entry, expected);
    let everything = read(&api, &fixture, LOG).await.to_string();
    for secret in ["argon2", "correct horse", "password_hash"] {
        assert!(!everything.contains(secret), "{everything}");
    }
}

#[tokio::test]
async fn every_filter_finds_its_entries() {
    let (fixture, api) = fixture().await;
    let request_id: String =
        sqlx::query_scalar("SELECT request_id FROM user_audit WHERE target_id = 3")
            .fetch_one(fixture.database.pool())
            .await
            .unwrap();
    let zoe = 4;
    for (query, expected) in [
        (format!("target={ORDINARY}"), vec![2, 2]),
        ("actor=1&action=user.update".to_owned(), vec![1, 2, 3, 2]),
        ("actor=2".to_owned(), vec![]),
        ("action=user.create".to_owned(), vec![zoe]),
        ("refused=true".to_owned(), vec![1]),
        ("refused=false&action=user.update".to_owned(), vec![2, 3, 2]),
        (format!("request_id={request_id}"), vec![3]),
        (
            "from=2026-01-01T00:00:00Z&action=user.create".to_owned(),
            vec![zoe],
        ),
        ("to=2026-01-01T00:00:00Z".to_owned(), vec![]),
        ("from=2999-01-01T00:00:00%2B02:00".to_owned(), vec![]),
        ("transaction=1".to_owned(), vec![]),
    ] {
        let page = read(&api, &fixture, &format!("{LOG}?{query}")).await;
        assert_eq!(targets(&page), expected, "{query}");
    }
    for (query, message) in [
        ("target=x", "Parameter target must be the id of a user"),
        (
            "from=yesterday",
            "Parameter from must be a time with its offset, such as 2026-01-31T12:00:00Z",
        ),
        (
            "size=101",
            "Parameter size must be a whole number from 1 to 100",
        ),
        (
            "cursor=x",
            "Parameter cursor is not a cursor that this API gave out",
        ),
        (
            "action=user.view",
            "Parameter action must be one of user.create, user.update, user.delete, user.erase, user.restore, user.import, \
             user.bulk_update, user.bulk_delete, user.export, audit.read, access.refuse",
        ),
    ] {
        let response = api.send(&fixture.get(&format!("{LOG}?{query}"))).await;
        assert_error(&response, 400, "invalid_request", message);
    }
}

#[tokio::test]
async fn pages_lead_both_ways_in_both_orders() {
    let (fixture, api) = fixture().await;
    for (order, all) in [("asc", [4, 2, 3, 2, 1]), ("desc", [1, 2, 3, 2, 4])] {
        // Reads of the log before this one are entries too.
        let path = format!("{LOG}?sort_order={order}&to=2999-01-01T00:00:00Z&size=2");
        let path = format!("{path}&refused=");
        sqlx::query("DELETE FROM user_audit WHERE action = 'audit.read'")
            .execute(fixture.database.pool())
            .await
            .unwrap();
        let first = read(&api, &fixture, &path).await;
        sqlx::query("DELETE FROM user_audit WHERE action = 'audit.read'")
            .execute(fixture.database.pool())
            .await
            .unwrap();
        let follow = async |page: &Value, name: &str| {
            let cursor = page[name].as_str().unwrap();
            read(&api, &fixture, &format!("{path}&cursor={cursor}")).await
        };
        let second = follow(&first, "next_cursor").await;
        let third = follow(&second, "next_cursor").await;
        let walked = [targets(&first), targets(&second), targets(&third)].concat();
        assert_eq!(walked, all, "{order}");
        assert_eq!(
            follow(&third, "prev_cursor").await["items"],
            second["items"]
        );
        assert_eq!(
            follow(&second, "prev_cursor").await["items"],
            first["items"]
        );
        if order == "asc" {
            // There may be more later, and then it is found from here.
            let end = follow(&third, "next_cursor").await;
            assert_eq!(end["items"], json!([]));
            let change = fixture.patch(RETIRED, &json!({ "full_name": null }));
            assert_eq!(api.send(&change).await.status, 200);
            settle(&fixture).await;
            assert_eq!(targets(&follow(&end, "next_cursor").await), [RETIRED]);
            sqlx::query("DELETE FROM user_audit WHERE after = '{\"full_name\": null}'")
                .execute(fixture.database.pool())
                .await
                .unwrap();
        } else {
            assert_eq!(third["next_cursor"], json!(null));
            // New entries come before the first page.
            let newer = follow(&first, "prev_cursor").await;
            assert_eq!(newer["items"], json!([]));
        }
        let other = api
            .send(&fixture.get(&format!(
                "{LOG}?cursor={}",
                first["next_cursor"].as_str().unwrap()
            )))
            .await;
        assert_eq!(other.status, 400, "{}", other.text());
    }
}

#[tokio::test]
async fn the_history_of_a_user_outlives_the_user() {
    let (fixture, api) = fixture().await;
    assert_eq!(
        api.send(&fixture.on_user("DELETE", RETIRED)).await.status,
        204
    );
    let history = read(&api, &fixture, &format!("{}/history", user_path(RETIRED))).await;
    let actions: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["action"], &entry["target"]))
        .collect();
    let target = json!({ "id": RETIRED, "username": null });
    assert_eq!(
        actions,
        [
            (&json!("user.delete"), &target),
            (&json!("user.update"), &target)
        ]
    );
    assert_eq!(
        history["items"][0]["before"]["email"],
        "retired@example.com"
    );
    let nobody = read(&api, &fixture, &format!("{}/history", user_path(99))).await;
    assert_eq!(nobody["items"], json!([]));
    let bad = api.send(&fixture.get(&format!("{USERS}/x/history"))).await;
    assert_error(&bad, 404, "not_found", "No user has this id");
}

#[tokio::test]
async fn who_begins_to_read_the_log_is_in_it_once() {
    let (fixture, api) = fixture().await;
    let path = format!("{LOG}?actor={ADMIN}&sort_order=asc&size=1");
    let mut page = read(&api, &fixture, &path).await;
    for _ in 0..4 {
        let cursor = page["next_cursor"].as_str().unwrap().to_owned();
        page = read(&api, &fixture, &format!("{path}&cursor={cursor}")).await;
    }
    let reads = read(&api, &fixture, &format!("{LOG}?action=audit.read")).await;
    assert_eq!(reads["items"].as_array().unwrap().len(), 1);
    assert_eq!(reads["items"][0]["after"], json!({ "actor": "1" }));
    let ordinary = Request::get(LOG).bearer(&fixture.token(RETIRED));
    assert_eq!(api.send(&ordinary).await.status, 401);
}

#[tokio::test]
async fn a_cursor_from_before_a_restore_is_told_from_the_end() {
    let (fixture, api) = fixture().await;
    let move_on = "UPDATE user_audit SET transaction_id = transaction_id + $1";
    for offset in [1_000_000_000_000_i64, -1_000_000_000_000] {
        let path = format!("{LOG}?sort_order=desc&size=1");
        let page = read(&api, &fixture, &path).await;
        sqlx::query(move_on)
            .bind(offset)
            .execute(fixture.database.pool())
            .await
            .unwrap();
        if offset < 0 {
            let cursor = page["prev_cursor"].as_str().unwrap();
            let response = api
                .send(&fixture.get(&format!("{path}&cursor={cursor}")))
                .await;
            let message =
                "Parameter cursor is from before the database was restored; begin again, with from";
            assert_error(&response, 400, "invalid_request", message);
        }
    }
}

#[tokio::test]
async fn who_asks_for_what_only_superusers_may_do_is_in_the_log_once_a_minute_for_each_route() {
    let fixture = Fixture::new().await;
    let environments = [fixture.start("users").await, fixture.start("users").await];
    for api in &environments {
        for path in [USERS, USERS, LOG] {
            let request = Request::get(path).bearer(&fixture.token(ORDINARY));
            assert_eq!(api.send(&request).await.status, 403);
        }
        let inactive = Request::get(USERS).bearer(&fixture.token(RETIRED));
        assert_eq!(api.send(&inactive).await.status, 401);
    }
    let page = read(
        &environments[0],
        &fixture,
        "/api/v1/audit?action=access.refuse",
    )
    .await;
    let entries = page["items"].as_array().unwrap();
    let routes: Vec<_> = entries
        .iter()
        .map(|entry| &entry["after"]["route"])
        .collect();
    assert_eq!(routes, ["GET /api/v1/audit", "GET /api/v1/users"]);
    for entry in entries {
        assert_eq!(
            (
                &entry["refusal"],
                &entry["actor"]["id"],
                &entry["source_address"]
            ),
            (&json!("forbidden"), &json!(ORDINARY), &json!("192.0.2.1"))
        );
    }
    let pool = fixture.database.pool();
    sqlx::query("UPDATE user_audit SET occurred_at = occurred_at - INTERVAL '61 seconds'")
        .execute(pool)
        .await
        .unwrap();
    let later = fixture.start("users").await;
    let request = Request::get(USERS).bearer(&fixture.token(ORDINARY));
    assert_eq!(later.send(&request).await.status, 403);
    let count = "SELECT count(*) FROM user_audit WHERE action = 'access.refuse'";
    let count: i64 = sqlx::query_scalar(count).fetch_one(pool).await.unwrap();
    assert_eq!(count, 3);
}

#[tokio::test]
async fn without_a_log_everything_works_but_reading_it_and_restoring() {
    let fixture = Fixture::new().await;
    let start = async |name: &str| Api::start(fixture.function(name).env("AUDIT_LOG", "off")).await;
    let (api, imports) = (start("users").await, start("bulk-create").await);
    let new = json!({ "email": "new@example.com", "username": "new" });
    let keyed = fixture
        .post(USERS)
        .header("idempotency-key", "new")
        .json(&new);
    let imported = json!([{ "email": "other@example.com", "username": "other" }]);
    let off = json!({ "ids": [ORDINARY], "set": { "is_active": false } });
    let restore = format!("{}/restore", user_path(RETIRED));
    let erase = Request::new("DELETE", "/api/v1/users/4?erase=true").bearer(&fixture.token(ADMIN));
    for (api, request, status) in [
        (&api, keyed, 201),
        (
            &api,
            fixture.patch(ORDINARY, &json!({ "full_name": "Olga" })),
            200,
        ),
        (
            &api,
            fixture.patch(ADMIN, &json!({ "is_active": false })),
            409,
        ),
        (&api, fixture.on_user("DELETE", RETIRED), 204),
        (&api, erase, 204),
        (
            &api,
            fixture.post("/api/v1/users/bulk/update").json(&off),
            200,
        ),
        (&api, fixture.get("/api/v1/users/export"), 200),
        (
            &imports,
            fixture.post("/api/v1/users/bulk").json(&imported),
            201,
        ),
        (&api, Request::get(USERS).bearer(&fixture.token(5)), 403),
        (&api, fixture.get(LOG), 409),
        (
            &api,
            fixture.get(&format!("{}/history", user_path(ORDINARY))),
            409,
        ),
        (&api, fixture.post(&restore), 409),
    ] {
        let response = api.send(&request).await;
        assert_eq!(response.status, status, "{}", response.text());
    }
    let message = "This deployment keeps no log of changes, see AUDIT_LOG";
    assert_error(
        &api.send(&fixture.get(LOG)).await,
        409,
        "audit_off",
        message,
    );
    assert_eq!(fixture.audit().await, []);
    let stored = sqlx::query_scalar("SELECT count(*) FROM idempotency_keys");
    let stored: i64 = stored.fetch_one(fixture.database.pool()).await.unwrap();
    assert_eq!(stored, 0);
}
