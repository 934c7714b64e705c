//! What imports leave in the log of changes, and what they may not do.

use futures_util::future::join;
use rig::UserFixture;
use serde_json::{Value, json};

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, RETIRED, assert_error};
use crate::imports::BULK;

const UPDATE: &str = "/api/v1/users/bulk?on_conflict=update";

#[tokio::test]
async fn an_import_is_an_entry_and_a_row_for_each_user_whom_it_changed() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let users = json!([
        { "email": "zoe@example.com", "username": "zoe", "password": "correct horse" },
        { "email": "max@example.com", "username": "max", "is_superuser": true },
        { "email": "ordinary@example.com", "username": "olga", "password": "correct horse", "is_active": false },
        { "email": "retired@example.com", "username": "retired" },
    ]);
    let response = api.send(&fixture.post(UPDATE).json(&users)).await;
    assert_eq!(response.status, 201, "{}", response.text());
    let ids: Vec<_> = (0..2)
        .map(|row| response.json()[row]["id"].as_i64())
        .collect();
    let import = json!({ "created": 2, "updated": 1, "skipped": 1, "on_conflict": "update" });
    let entry = |action: &str, target: Option<i64>, before: Value, after: Value| {
        (action.to_owned(), None, target, before, after)
    };
    assert_eq!(
        fixture.audit().await,
        [
            entry("user.import", None, json!(null), import),
            entry("user.create", ids[0], json!(null), json!(null)),
            entry(
                "user.create",
                ids[1],
                json!(null),
                json!({ "is_superuser": true })
            ),
            entry(
                "user.update",
                Some(ORDINARY),
                json!({ "username": "ordinary", "is_active": true }),
                json!({ "username": "olga", "is_active": false, "password": "changed" }),
            ),
        ]
    );
    let readers = fixture.start("users").await;
    let log = readers
        .send(&fixture.get("/api/v1/audit?actor=1"))
        .await
        .json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log}");
    let transaction = &log["items"][0]["transaction"];
    let rows = format!("/api/v1/audit?transaction={transaction}&sort_order=desc");
    let rows = readers.send(&fixture.get(&rows)).await.json();
    assert_eq!(rows["items"].as_array().unwrap().len(), 4, "{rows}");
}

#[tokio::test]
async fn what_is_not_written_is_not_in_the_log_and_what_is_refused_is() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let stored = json!([{ "email": "ordinary@example.com", "username": "ordinary" }]);
    for (query, status) in [
        ("?dry_run=true&on_conflict=skip", 200),
        ("?dry_run=true", 409),
    ] {
        let request = fixture.post(&format!("{BULK}{query}")).json(&stored);
        assert_eq!(api.send(&request).await.status, status, "{query}");
    }
    assert_eq!(fixture.audit().await, []);
    assert_eq!(
        api.send(&fixture.post(BULK).json(&stored)).await.status,
        409
    );
    let refused = (
        "user.import".to_owned(),
        Some("conflict".to_owned()),
        None,
        json!(null),
        json!(null),
    );
    assert_eq!(fixture.audit().await, [refused]);
}

#[tokio::test]
async fn an_import_locks_out_neither_its_sender_nor_everybody() {
    let fixture = Fixture::new().await;
    let api = fixture.start("bulk-create").await;
    let row = |name: &str, field: &str| json!([{ "email": format!("{name}@example.com"), "username": name, field: false }]);
    for field in ["is_active", "is_superuser"] {
        let own = api
            .send(&fixture.post(UPDATE).json(&row("admin", field)))
            .await;
        let message = "You cannot deactivate or delete yourself, or stop being a superuser; another \
                       superuser can";
        assert_error(&own, 409, "self", message);
    }
    let pool = fixture.database.pool();
    sqlx::query("UPDATE users SET is_active = TRUE WHERE id = $1")
        .bind(RETIRED)
        .execute(pool)
        .await
        .unwrap();
    let other = |field: &str| {
        let token = fixture.token(RETIRED);
        rig::Request::post(UPDATE)
            .bearer(&token)
            .json(&row("admin", field))
    };
    // The environment remembers for a while that the sender is a superuser.
    let list = rig::Request::post(&format!("{BULK}?dry_run=true"))
        .bearer(&fixture.token(RETIRED))
        .json(&json!([{ "email": "x@example.com", "username": "x" }]));
    assert_eq!(api.send(&list).await.status, 200);
    sqlx::query("UPDATE users SET is_active = FALSE WHERE id = $1")
        .bind(RETIRED)
        .execute(pool)
        .await
        .unwrap();
    let message = "This user is the last active superuser; make another user a superuser first";
    assert_error(
        &api.send(&other("is_active")).await,
        409,
        "last_superuser",
        message,
    );
    sqlx::query("UPDATE users SET is_superuser = TRUE WHERE id = $1")
        .bind(ORDINARY)
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(api.send(&other("is_superuser")).await.status, 200);
}

/// Two imports that demote each other's senders, and one that meets a change of the same users.
#[tokio::test]
async fn of_two_imports_that_lock_each_other_out_one_is_refused() {
    let fixture = Fixture::with(&[UserFixture::new(4, "other").superuser()]).await;
    let api = Api::start(fixture.function("bulk-create").instances(2)).await;
    for round in 0..5 {
        let import = |sender: i64, name: &str| {
            let row = json!([{ "email": format!("{name}@example.com"), "username": name, "is_active": false }]);
            rig::Request::post(UPDATE)
                .bearer(&fixture.token(sender))
                .json(&row)
        };
        let (first, second) = (import(ADMIN, "other"), import(4, "admin"));
        let (first, second) = join(api.send(&first), api.send(&second)).await;
        let done = [&first, &second]
            .into_iter()
            .filter(|answer| answer.status == 200);
        assert_eq!(
            done.count(),
            1,
            "{round}: {} {}",
            first.text(),
            second.text()
        );
        sqlx::query("UPDATE users SET is_active = TRUE WHERE id IN (1, 4)")
            .execute(fixture.database.pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn who_loses_a_right_by_an_import_has_it_no_longer_in_the_same_environment() {
    let other = UserFixture::new(4, "other").superuser();
    let fixture = Fixture::with(&[other]).await;
    let api = fixture.start("bulk-create").await;
    let none = rig::Request::post(&format!("{BULK}?dry_run=true"))
        .bearer(&fixture.token(4))
        .json(&json!([{ "email": "x@example.com", "username": "x" }]));
    assert_eq!(api.send(&none).await.status, 200);
    let demotion =
        json!([{ "email": "other@example.com", "username": "other", "is_superuser": false }]);
    let demoted = api.send(&fixture.post(UPDATE).json(&demotion)).await;
    assert_eq!(demoted.status, 200, "{}", demoted.text());
    assert_eq!(api.send(&none).await.status, 403);
}
