//! Creating, changing and deleting one user.

use rig::Request;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, RETIRED, assert_error, assert_failure};

pub const USERS: &str = "/api/v1/users";

pub fn user_path(id: i64) -> String {
    format!("{USERS}/{id}")
}

impl Fixture {
    /// A request of the superuser about one user.
    pub fn on_user(&self, method: &str, id: i64) -> Request {
        Request::new(method, &user_path(id)).bearer(&self.token(ADMIN))
    }

    /// A change of one user by the superuser.
    pub fn patch(&self, id: i64, patch: &Value) -> Request {
        self.on_user("PATCH", id).json(patch)
    }

    /// The entries of the log of changes, oldest first: action, refusal, target, before and after.
    pub async fn audit(&self) -> Vec<(String, Option<String>, Option<i64>, Value, Value)> {
        sqlx::query_as(
            "SELECT action, refusal, target_id, coalesce(before, 'null'), coalesce(after, 'null')
             FROM user_audit ORDER BY id",
        )
        .fetch_all(self.database.pool())
        .await
        .unwrap()
    }

    async fn execute(&self, statements: &str) {
        self.database.pool().execute(statements).await.unwrap();
    }
}

fn entry(
    action: &str,
    refusal: Option<&str>,
    target: i64,
    before: Value,
    after: Value,
) -> (String, Option<String>, Option<i64>, Value, Value) {
    let refusal = refusal.map(str::to_owned);
    (action.to_owned(), refusal, Some(target), before, after)
}

#[tokio::test]
async fn a_created_user_is_answered_with_its_place_and_tag() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
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
    let api = fixture.start("list-users").await;
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
    let api = Api::start(fixture.function("list-users").instances(2)).await;
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

#[tokio::test]
async fn only_what_a_patch_says_is_written() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
    let before = api.send(&fixture.on_user("GET", ORDINARY)).await.json();
    for content_type in ["application/merge-patch+json", "application/json"] {
        let same = json!({ "email": "ordinary@example.com", "is_active": true });
        let request = fixture
            .on_user("PATCH", ORDINARY)
            .header("content-type", content_type)
            .body(same.to_string());
        let unchanged = api.send(&request).await;
        assert_eq!((unchanged.status, unchanged.json()), (200, before.clone()));
    }
    assert_eq!(
        api.send(&fixture.patch(ORDINARY, &json!({}))).await.json(),
        before
    );
    assert_eq!(fixture.audit().await, []);

    let patch = json!({ "full_name": "Olga", "email": "Olga@example.com", "username": "ordinary" });
    let changed = api.send(&fixture.patch(ORDINARY, &patch)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let mut expected = before.clone();
    expected["full_name"] = "Olga".into();
    expected["email"] = "Olga@example.com".into();
    expected["updated_at"] = changed.json()["updated_at"].clone();
    assert_eq!(changed.json(), expected);
    assert_ne!(expected["updated_at"], before["updated_at"]);
    let cleared = api
        .send(&fixture.patch(ORDINARY, &json!({ "full_name": null })))
        .await;
    assert_eq!(cleared.json()["full_name"], json!(null));
    assert_eq!(
        fixture.audit().await,
        [
            entry(
                "user.update",
                None,
                ORDINARY,
                json!({ "full_name": null, "email": "ordinary@example.com" }),
                json!({ "full_name": "Olga", "email": "Olga@example.com" }),
            ),
            entry(
                "user.update",
                None,
                ORDINARY,
                json!({ "full_name": "Olga" }),
                json!({ "full_name": null }),
            ),
        ]
    );
}

#[tokio::test]
async fn a_password_is_changed_and_cleared_and_never_told() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
    let hash = async || -> Option<String> {
        sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
            .bind(ORDINARY)
            .fetch_one(fixture.database.pool())
            .await
            .unwrap()
    };
    let foreign = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
    let first = hash().await;
    let set = api
        .send(&fixture.patch(ORDINARY, &json!({ "password": "correct horse" })))
        .await;
    assert_eq!(set.status, 200, "{}", set.text());
    assert!(hash().await.unwrap().starts_with("$argon2id$"));
    assert_ne!(hash().await, first);
    for _ in 0..2 {
        let set = api
            .send(&fixture.patch(ORDINARY, &json!({ "password_hash": foreign })))
            .await;
        assert_eq!(set.status, 200);
        assert_eq!(hash().await.as_deref(), Some(foreign));
    }
    let cleared = api
        .send(&fixture.patch(ORDINARY, &json!({ "password": null })))
        .await;
    assert_eq!((cleared.status, hash().await), (200, None));
    let own = api
        .send(&fixture.patch(ORDINARY, &json!({ "password": "ordinary@example.com" })))
        .await;
    assert_eq!(own.json()["details"][0]["code"], "too_weak");

    let told = entry(
        "user.update",
        None,
        ORDINARY,
        json!(null),
        json!({ "password": "changed" }),
    );
    assert_eq!(fixture.audit().await, [told.clone(), told.clone(), told]);
    let everything: Vec<String> = sqlx::query_scalar("SELECT user_audit::text FROM user_audit")
        .fetch_all(fixture.database.pool())
        .await
        .unwrap();
    for secret in ["$argon2", "$2b$", "correct horse"] {
        assert!(!everything.concat().contains(secret), "{everything:?}");
    }
}

#[tokio::test]
async fn a_change_that_is_refused_names_the_field() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
    let taken = json!({ "username": "ADMIN", "email": "Ordinary@example.com" });
    let response = api.send(&fixture.patch(ORDINARY, &taken)).await;
    let body = json!({
        "error": "conflict",
        "message": "Nothing was changed: 1 value is already in use, see details",
        "details": [{
            "index": 0, "field": "username", "code": "already_exists",
            "message": "a user with this username exists already",
        }],
    });
    assert_failure(&response, 409, &body);
    let unknown = api
        .send(&fixture.patch(ORDINARY, &json!({ "fullname": "X", "created_at": "now" })))
        .await;
    let details = unknown.json()["details"].clone();
    assert_eq!(details[0]["field"], "created_at");
    assert!(
        details[1]["message"].as_str().unwrap().contains("fullname"),
        "{details}"
    );
    let nobody = api
        .send(&fixture.patch(99, &json!({ "full_name": "X" })))
        .await;
    assert_error(&nobody, 404, "not_found", "No user has this id");

    fixture
        .execute("UPDATE users SET full_name = NULL; ALTER TABLE users ALTER COLUMN full_name TYPE varchar(3)")
        .await;
    let long = api
        .send(&fixture.patch(ORDINARY, &json!({ "full_name": "Olga" })))
        .await;
    assert_eq!(long.status, 422, "{}", long.text());
    assert_eq!(
        long.json()["details"][0]["message"],
        "full_name may have at most 3 characters in this table"
    );
    let short = api
        .send(&fixture.patch(ORDINARY, &json!({ "full_name": "Oli" })))
        .await;
    assert_eq!(short.status, 200, "{}", short.text());
}

#[tokio::test]
async fn a_tag_that_has_passed_is_answered_with_the_user_as_it_is() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
    let found = api.send(&fixture.on_user("GET", ORDINARY)).await;
    let etag = found.header("etag").unwrap();
    let rename = |name: &str| fixture.patch(ORDINARY, &json!({ "full_name": name }));
    let changed = api.send(&rename("One").header("if-match", &etag)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    for tags in [
        etag.clone(),
        format!("W/{}", changed.header("etag").unwrap()),
        "\"x\"".to_owned(),
    ] {
        for request in [rename("Two"), fixture.on_user("DELETE", ORDINARY)] {
            let stale = api.send(&request.header("if-match", &tags)).await;
            assert_eq!(stale.status, 412, "{}", stale.text());
            assert_eq!(stale.json()["error"], "precondition_failed");
            assert_eq!(stale.json()["current"], changed.json());
            assert_eq!(stale.header("etag"), changed.header("etag"));
        }
    }
    for tags in [
        "*".to_owned(),
        format!("\"x\", {}", changed.header("etag").unwrap()),
    ] {
        let same = api.send(&rename("One").header("if-match", &tags)).await;
        assert_eq!(
            (same.status, same.header("etag")),
            (200, changed.header("etag"))
        );
    }
    let malformed = api.send(&rename("Two").header("if-match", "abc")).await;
    assert_eq!(malformed.status, 400);
    let gone = api
        .send(&fixture.patch(99, &json!({})).header("if-match", "*"))
        .await;
    assert_eq!(gone.status, 404);
    let refusals: Vec<_> = fixture
        .audit()
        .await
        .into_iter()
        .filter_map(|entry| entry.1)
        .collect();
    assert_eq!(refusals, ["precondition_failed"; 6]);
}

/// The tag is made in Rust and in SQL; texts and times of every kind must make the same one.
#[tokio::test]
async fn every_user_can_be_changed_by_the_tag_that_was_given() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
    fixture
        .execute(
            "INSERT INTO users (id, email, username, full_name, created_at, updated_at) VALUES
             (11, 'ä@example.com', 'ǅ', '', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'),
             (12, 'quote\"@x.com', '-', '-', '2026-01-01T00:00:00.000001Z', 'infinity'),
             (13, 'x@example.com', '+', E'tab\\tnul', '-infinity', '1969-12-31T23:59:59.999999+14'),
             (14, 'emoji@example.com', '🙂', '👩‍👩‍👧', '2026-06-01T00:00:00.1234567Z', '4713-01-01 BC')",
        )
        .await;
    for id in [ADMIN, ORDINARY, RETIRED, 11, 12, 13, 14] {
        let found = api.send(&fixture.on_user("GET", id)).await;
        let etag = found.header("etag").unwrap();
        let request = fixture
            .patch(id, &json!({ "full_name": "Other" }))
            .header("if-match", &etag);
        let changed = api.send(&request).await;
        assert_eq!(changed.status, 200, "{id}: {}", changed.text());
    }
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_log_knows_what_it_was() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
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
    let api = fixture.start("list-users").await;
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
    let api = fixture.start("list-users").await;
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

#[tokio::test]
async fn every_active_user_sees_the_own_user_and_no_other() {
    let fixture = Fixture::new().await;
    let api = fixture.start("list-users").await;
    let me = |user| Request::get("/api/v1/me").bearer(&fixture.token(user));
    for id in [ADMIN, ORDINARY] {
        let own = api.send(&me(id)).await;
        assert_eq!((own.status, own.json()["id"].as_i64()), (200, Some(id)));
        let found = api.send(&fixture.on_user("GET", id)).await;
        let mut body = own.json();
        let [fields, reason] = ["fields", "no_new_users"].map(|name| {
            let members = body.as_object_mut().unwrap();
            members.remove(name).unwrap()
        });
        assert_eq!(
            (body, own.header("etag")),
            (found.json(), found.header("etag"))
        );
        assert_eq!(
            fields["password"],
            json!({ "is_present": true, "is_writable": true })
        );
        assert_eq!(fields["updated_at"]["is_writable"], false);
        assert_eq!(reason, json!(null));
    }
    for nobody in [RETIRED, 99] {
        crate::fixture::assert_unauthorized(&api.send(&me(nobody)).await);
    }
    for (method, path) in [
        ("GET", user_path(ORDINARY)),
        ("PATCH", user_path(ORDINARY)),
        ("DELETE", user_path(ORDINARY)),
        ("POST", USERS.to_owned()),
    ] {
        let request = Request::new(method, &path).bearer(&fixture.token(ORDINARY));
        let response = api.send(&request).await;
        assert_error(&response, 403, "forbidden", "Only superusers may do this");
    }
}
