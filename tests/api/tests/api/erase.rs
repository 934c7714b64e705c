//! Erasing people for ever.

use futures_util::future::join;
use rig::Request;
use serde_json::{Value, json};

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, RETIRED, assert_error};
use crate::imports::BULK;
use crate::user_writes::{USERS, user_path};

const VALUES: [&str; 4] = ["ordinary", "Olga", "Oslo@", "198.51.100.7"];

fn erase(fixture: &Fixture, id: i64) -> Request {
    Request::new("DELETE", &format!("{}?erase=true", user_path(id))).bearer(&fixture.token(ADMIN))
}

/// All that the database has beside the users.
async fn everything(fixture: &Fixture) -> String {
    sqlx::query_scalar(
        "SELECT coalesce(string_agg(user_audit::text, E'\\n' ORDER BY id), '') FROM user_audit",
    )
    .fetch_one(fixture.database.pool())
    .await
    .unwrap()
}

async fn stored_responses(fixture: &Fixture) -> Vec<String> {
    sqlx::query_scalar("SELECT key FROM idempotency_keys ORDER BY key")
        .fetch_all(fixture.database.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn who_is_erased_leaves_no_value_in_the_log_and_in_no_stored_response() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let imports = fixture.start("bulk-create").await;
    let keyed = |request: Request, key: &str| request.header("idempotency-key", key);
    let change = json!({ "email": "Oslo@example.com", "is_superuser": true });
    let change = keyed(fixture.patch(ORDINARY, &change), "change");
    assert_eq!(api.send(&change).await.status, 200);
    // What the person does has their address.
    let own = Request::new("PATCH", &user_path(RETIRED)).bearer(&fixture.token(ORDINARY));
    let own = keyed(own.json(&json!({ "full_name": "Rita" })), "own");
    assert_eq!(api.send(&own).await.status, 200);
    let address = "UPDATE user_audit SET source_address = '198.51.100.7' WHERE actor_id = $1";
    sqlx::query(address)
        .bind(ORDINARY)
        .execute(fixture.database.pool())
        .await
        .unwrap();
    for (name, address) in [("Olga", "Oslo@example.com"), ("Rob", "rob@example.com")] {
        let row = json!([{ "email": address, "username": name.to_lowercase(), "full_name": name }]);
        let import = fixture
            .post(&format!("{BULK}?on_conflict=update"))
            .json(&row);
        let imported = imports.send(&keyed(import, name)).await;
        assert!(imported.status < 300, "{}", imported.text());
    }
    let before = everything(&fixture).await;
    for value in VALUES.iter().filter(|value| **value != "ordinary") {
        assert!(before.contains(value), "{value}: {before}");
    }
    assert_eq!(
        stored_responses(&fixture).await,
        ["Olga", "Rob", "change", "own"]
    );

    let dry = format!("{}?erase=true&dry_run=true", user_path(ORDINARY));
    let preview = api
        .send(&Request::new("DELETE", &dry).bearer(&fixture.token(ADMIN)))
        .await;
    assert_eq!(preview.status, 200, "{}", preview.text());
    // Changed, imported and deleted, and one that the person did.
    assert_eq!(preview.json()["erased_entries"], 4);
    assert_eq!(preview.json()["user"]["id"], ORDINARY);
    assert_eq!(everything(&fixture).await, before);

    let erased = api.send(&erase(&fixture, ORDINARY)).await;
    assert_eq!((erased.status, erased.text().as_ref()), (204, ""));
    let after = everything(&fixture).await;
    for value in VALUES {
        assert!(!after.contains(value), "{value}: {after}");
    }
    assert_eq!(after.lines().count(), before.lines().count() + 2);
    assert!(
        after.contains("Rita") && after.contains("192.0.2.1"),
        "{after}"
    );
    assert_eq!(stored_responses(&fixture).await, ["Rob", "own"]);
    let history = api
        .send(&fixture.get(&format!("{}/history", user_path(ORDINARY))))
        .await;
    let actions: Vec<_> = history.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        actions,
        ["user.erase", "user.delete", "user.update", "user.update"]
    );
    let restore = api
        .send(&fixture.post(&format!("{}/restore", user_path(ORDINARY))))
        .await;
    assert_eq!(restore.status, 404);
}

#[tokio::test]
async fn who_was_deleted_before_is_erased_too_as_often_as_is_asked_and_nobody_else() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    assert_eq!(
        api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
        204
    );
    assert!(everything(&fixture).await.contains("ordinary@example.com"));
    let dry = format!("{}?erase=true&dry_run=true", user_path(ORDINARY));
    let preview = api
        .send(&Request::new("DELETE", &dry).bearer(&fixture.token(ADMIN)))
        .await;
    let expected = json!({ "user": null, "references": [], "erased_entries": 1 });
    assert_eq!((preview.status, preview.json()), (200, expected));
    for _ in 0..2 {
        assert_eq!(api.send(&erase(&fixture, ORDINARY)).await.status, 204);
        assert!(!everything(&fixture).await.contains("ordinary@example.com"));
    }
    let unknown = api.send(&erase(&fixture, 4711)).await;
    assert_error(&unknown, 404, "not_found", "No user has this id");
    assert_eq!(
        api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
        404
    );
    let oneself = api.send(&erase(&fixture, ADMIN)).await;
    assert_eq!(
        (oneself.status, oneself.json()["error"].clone()),
        (409, json!("self"))
    );
    let stale = erase(&fixture, RETIRED).header("if-match", "\"other\"");
    assert_eq!(api.send(&stale).await.status, 412);
}

/// Reads the changes of a user until no value is left: whether each has one.
async fn read_until_erased(api: &Api, fixture: &Fixture, id: i64) -> Vec<Vec<bool>> {
    let read = fixture.get(&format!("/api/v1/audit?target={id}&action=user.update"));
    let mut seen = Vec::new();
    loop {
        let page = api.send(&read).await.json();
        let changes = page["items"].as_array().unwrap().iter();
        let changes: Vec<_> = changes.map(|entry| entry["after"] != Value::Null).collect();
        let is_over = changes == [false, false];
        seen.push(changes);
        if is_over {
            return seen;
        }
    }
}

#[tokio::test]
async fn who_reads_the_log_while_somebody_is_erased_sees_all_values_or_none() {
    const ROUNDS: i64 = 200;
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    for round in 0..ROUNDS {
        let user = json!({ "email": "x@example.com", "username": "x" });
        let created = api.send(&fixture.post(USERS).json(&user)).await;
        let id = created.json()["id"].as_i64().unwrap();
        for name in ["One", "Two"] {
            let patch = fixture.patch(id, &json!({ "full_name": name }));
            assert_eq!(api.send(&patch).await.status, 200);
        }
        let erase = erase(&fixture, id);
        let (seen, erased) = join(read_until_erased(&api, &fixture, id), api.send(&erase)).await;
        assert_eq!(erased.status, 204, "round {round}");
        for page in seen {
            assert!(page == [true, true] || page == [false, false], "{page:?}");
        }
    }
}

#[tokio::test]
async fn of_erasing_and_restoring_at_once_nobody_is_left_who_was_erased() {
    const ROUNDS: u32 = 200;
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    let restore = fixture.post(&format!("{}/restore", user_path(ORDINARY)));
    let mut restored = 0;
    for round in 0..ROUNDS {
        sqlx::query(
            "INSERT INTO users (id, email, username) OVERRIDING SYSTEM VALUE
             VALUES (2, 'ordinary@example.com', 'ordinary') ON CONFLICT DO NOTHING",
        )
        .execute(fixture.database.pool())
        .await
        .unwrap();
        assert_eq!(
            api.send(&fixture.on_user("DELETE", ORDINARY)).await.status,
            204
        );
        let erase = erase(&fixture, ORDINARY);
        let (answer, erased) = join(api.send(&restore), api.send(&erase)).await;
        assert_eq!(erased.status, 204, "round {round}: {}", erased.text());
        assert!([200, 404].contains(&answer.status), "{}", answer.text());
        restored += u32::from(answer.status == 200);
        assert_eq!(
            api.send(&fixture.on_user("GET", ORDINARY)).await.status,
            404
        );
        assert!(
            !everything(&fixture).await.contains("ordinary"),
            "round {round}"
        );
    }
    assert!(restored > 0, "the erasure always came first");
}
