//! Changing one user, and what tests of single users share.

use rig::Request;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::fixture::{ADMIN, Fixture, ORDINARY, RETIRED, assert_error, assert_failure};

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

    pub async fn execute(&self, statements: &str) {
        self.database.pool().execute(statements).await.unwrap();
    }
}

pub fn entry(
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
async fn only_what_a_patch_says_is_written() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
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
    let api = fixture.start("users").await;
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
    let api = fixture.start("users").await;
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
    let api = fixture.start("users").await;
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
    let api = fixture.start("users").await;
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
async fn every_active_user_sees_the_own_user_and_no_other() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
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
