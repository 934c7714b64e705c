//! Changing and deleting many users with one request.

use rig::{Request, Response, UserFixture};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::fixture::{
    ADMIN, Api, Fixture, ORDINARY, RETIRED, assert_error, assert_failure, assert_unauthorized,
};

pub const UPDATE: &str = "/api/v1/users/bulk/update";
pub const DELETE: &str = "/api/v1/users/bulk/delete";

/// The lowest id of [`many`].
pub const FIRST: i64 = 101;

/// Active users, in the order of ids.
pub fn many(count: i64) -> Vec<UserFixture> {
    (FIRST..FIRST + count)
        .map(|id| UserFixture::new(id, &format!("user{id}")))
        .collect()
}

pub fn off(mut body: Value) -> Value {
    body["set"] = json!({ "is_active": false });
    body
}

async fn send(fixture: &Fixture, api: &Api, path: &str, body: &Value) -> Response {
    api.send(&fixture.post(path).json(body)).await
}

#[track_caller]
fn assert_ok(response: &Response, expected: &Value) {
    assert_eq!(
        (response.status, response.json()),
        (200, expected.clone()),
        "{}",
        response.text()
    );
}

async fn count(fixture: &Fixture, condition: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM users WHERE {condition}"))
        .fetch_one(fixture.database.pool())
        .await
        .unwrap()
}

/// What the entry of the newest request says, and its rows: action, refusal, target, before and after.
async fn last_entry(fixture: &Fixture) -> (Value, Vec<Value>) {
    let entries: Vec<(bool, Value)> = sqlx::query_as(
        "SELECT is_row, jsonb_build_array(action, refusal, target_id, before, after) FROM user_audit
         WHERE transaction_id = (SELECT max(transaction_id) FROM user_audit) ORDER BY id",
    )
    .fetch_all(fixture.database.pool())
    .await
    .unwrap();
    let mut entries = entries.into_iter();
    let (is_row, entry) = entries.next().unwrap();
    assert!(!is_row, "{entry}");
    let rows = entries.map(|(is_row, row)| {
        assert!(is_row, "{row}");
        row
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row[2].as_i64());
    (entry, rows)
}

#[tokio::test]
async fn users_named_by_id_are_changed_and_each_other_has_its_reason() {
    let fixture = Fixture::with(&many(3)).await;
    let api = fixture.start("users").await;
    let body = off(json!({ "ids": [103, ADMIN, 9, RETIRED, "101", 103] }));
    let changed = send(&fixture, &api, UPDATE, &body).await;
    assert_eq!(
        changed.status,
        400,
        "a number is not text: {}",
        changed.text()
    );
    let body = off(json!({ "ids": [103, ADMIN, 9, RETIRED, 101, 103] }));
    let changed = send(&fixture, &api, UPDATE, &body).await;
    let expected = json!({
        "count": 4,
        "changed": 2,
        "skipped": [
            { "id": 9, "reason": "not_found" },
            { "id": ADMIN, "reason": "self" },
            { "id": RETIRED, "reason": "unchanged" },
        ],
        "next": null,
    });
    assert_ok(&changed, &expected);
    assert_eq!(
        count(&fixture, "NOT is_active AND id IN (101, 103)").await,
        2
    );
    assert_eq!(count(&fixture, "is_active AND id IN (1, 102)").await, 2);
    let (entry, rows) = last_entry(&fixture).await;
    let said = json!({
        "set": { "is_active": false }, "count": 4, "done": 2, "skipped": 2,
    });
    assert_eq!(entry, json!(["user.bulk_update", null, null, null, said]));
    let (on, off) = (json!({ "is_active": true }), json!({ "is_active": false }));
    assert_eq!(
        rows,
        [
            json!(["user.update", "self", ADMIN, null, null]),
            json!(["user.update", null, 101, on, off]),
            json!(["user.update", null, 103, on, off]),
        ]
    );
}

#[tokio::test]
async fn users_named_by_email_are_changed_regardless_of_case() {
    let fixture = Fixture::with(&many(2)).await;
    let api = fixture.start("users").await;
    let emails = [
        "USER101@example.com",
        "user101@Example.com",
        "nobody@example.com",
    ];
    let body = json!({ "emails": emails, "set": { "is_superuser": true, "full_name": "One" } });
    let changed = send(&fixture, &api, UPDATE, &body).await;
    let expected = json!({
        "count": 1,
        "changed": 1,
        "skipped": [{ "email": "nobody@example.com", "reason": "not_found" }],
        "next": null,
    });
    assert_ok(&changed, &expected);
    assert_eq!(
        count(&fixture, "is_superuser AND full_name = 'One'").await,
        1
    );
    let clear = json!({ "emails": emails, "set": { "full_name": null } });
    assert_eq!(
        send(&fixture, &api, UPDATE, &clear).await.json()["changed"],
        1
    );
    assert_eq!(count(&fixture, "id = 101 AND full_name IS NULL").await, 1);
}

#[tokio::test]
async fn a_dry_run_tells_how_many_and_shows_some_and_writes_nothing() {
    let fixture = Fixture::with(&many(8)).await;
    let api = fixture.start("users").await;
    let filter = json!({ "filter": { "search": "user1" }, "dry_run": true });
    for (path, body, done) in [
        (UPDATE, off(filter.clone()), "changed"),
        (DELETE, filter, "deleted"),
    ] {
        let preview = send(&fixture, &api, path, &body).await;
        let mut told = preview.json();
        let examples = told["examples"].take();
        told.as_object_mut().unwrap().remove("examples");
        let expected = json!({ "count": 8, done: 8, "skipped": [], "next": null });
        assert_eq!(
            (preview.status, told),
            (200, expected),
            "{}",
            preview.text()
        );
        let expected: Vec<_> = many(5).iter().map(UserFixture::json).collect();
        assert_eq!(examples, json!(expected));
        assert_eq!(count(&fixture, "is_active AND id > 100").await, 8);
    }
    assert_eq!(fixture.audit().await, []);
}

#[tokio::test]
async fn a_filter_does_nothing_if_other_users_pass_it_than_were_expected() {
    let fixture = Fixture::with(&many(4)).await;
    let api = fixture.start("users").await;
    for (path, body) in [
        (UPDATE, off(json!({ "filter": { "search": "user1" } }))),
        (DELETE, json!({ "filter": { "search": "user1" } })),
    ] {
        let mut body = body;
        let message = "expected_count is required with a filter: the count that a dry run tells";
        let unknown = send(&fixture, &api, path, &body).await;
        assert_error(&unknown, 400, "invalid_request", message);
        body["expected_count"] = 3.into();
        for is_dry_run in [true, false] {
            body["dry_run"] = is_dry_run.into();
            let differs = send(&fixture, &api, path, &body).await;
            let error = json!({
                "error": "count_differs",
                "message": "Not as many users as expected pass the filter, see count; look at them and send \
                            the request again with the new expected_count",
                "count": 4,
            });
            assert_failure(&differs, 409, &error);
        }
        body["expected_count"] = 4.into();
        let done = send(&fixture, &api, path, &body).await;
        assert_eq!((done.status, &done.json()["count"]), (200, &json!(4)));
    }
    assert_eq!(fixture.count_users().await, 3);
    let entries = fixture.audit().await;
    let entries: Vec<_> = entries
        .iter()
        .filter(|entry| entry.2.is_none())
        .map(|entry| (entry.0.as_str(), entry.1.as_deref(), &entry.4["filter"]))
        .collect();
    let given = json!({ "search": "given" });
    assert_eq!(
        entries,
        [
            ("user.bulk_update", Some("count_differs"), &json!(null)),
            ("user.bulk_update", None, &given),
            ("user.bulk_delete", Some("count_differs"), &json!(null)),
            ("user.bulk_delete", None, &given),
        ]
    );
}

#[tokio::test]
async fn a_filter_of_more_users_than_a_transaction_takes_goes_on_by_cursor() {
    let fixture = Fixture::with(&many(7)).await;
    let api = Api::start(fixture.function("users").env("BULK_MAX_ROWS", "3")).await;
    let filter = json!({ "is_active": true, "created_from": "2026-01-01" });
    for is_dry_run in [true, false] {
        // Two of the fixture are active beside the seven.
        let mut body = off(json!({ "filter": filter, "expected_count": 9, "dry_run": is_dry_run }));
        let mut counts = Vec::new();
        let mut changed = 0;
        loop {
            let part = send(&fixture, &api, UPDATE, &body).await;
            assert_eq!(part.status, 200, "{}", part.text());
            let part = part.json();
            counts.push(part["count"].as_i64().unwrap());
            changed += part["changed"].as_i64().unwrap();
            if part["next"].is_null() {
                break;
            }
            body["cursor"] = part["next"].clone();
        }
        assert_eq!((counts, changed), (vec![9, 6, 3], 8));
        // The cursor goes on with nothing else.
        let mut other = body.clone();
        other["set"] = json!({ "is_superuser": true });
        let message = "cursor belongs to another request; repeat the request that gave it out, with cursor alone \
                       added";
        let refused = send(&fixture, &api, UPDATE, &other).await;
        assert_error(&refused, 400, "invalid_request", message);
    }
    assert_eq!(count(&fixture, "is_active").await, 1);
    let one_more = json!({ "ids": [1, 2, 3, 4] });
    let message = "ids may have at most 3 users; send several requests";
    let refused = send(&fixture, &api, DELETE, &one_more).await;
    assert_error(&refused, 413, "too_large", message);
}

#[tokio::test]
async fn what_is_left_is_counted_again_before_a_part_is_done() {
    let fixture = Fixture::with(&many(5)).await;
    let api = Api::start(fixture.function("users").env("BULK_MAX_ROWS", "2")).await;
    let mut body = json!({ "filter": { "search": "user1" }, "expected_count": 5 });
    body["cursor"] = send(&fixture, &api, DELETE, &body).await.json()["next"].clone();
    sqlx::query("DELETE FROM users WHERE id = 104")
        .execute(fixture.database.pool())
        .await
        .unwrap();
    let differs = send(&fixture, &api, DELETE, &body).await;
    assert_eq!(
        (differs.status, &differs.json()["count"]),
        (409, &json!(2)),
        "{}",
        differs.text()
    );
    assert_eq!(count(&fixture, "id > 100").await, 2);
}

#[tokio::test]
async fn deleted_users_are_gone_and_those_to_whom_others_refer_stay() {
    let fixture = Fixture::with(&many(4)).await;
    let api = fixture.start("users").await;
    fixture
        .database
        .pool()
        .execute(
            "CREATE TABLE orders (buyer bigint REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TABLE sessions (user_id bigint REFERENCES users (id) ON DELETE CASCADE);
             INSERT INTO orders VALUES (102);
             INSERT INTO sessions VALUES (101), (102)",
        )
        .await
        .unwrap();
    let body = json!({ "ids": [ADMIN, 101, 102, 103] });
    let expected = json!({
        "count": 4,
        "deleted": 2,
        "skipped": [
            { "id": ADMIN, "reason": "self" },
            { "id": 102, "reason": "referenced" },
        ],
        "next": null,
    });
    assert_ok(&send(&fixture, &api, DELETE, &body).await, &expected);
    assert_eq!(count(&fixture, "id IN (1, 102, 104)").await, 3);
    assert_eq!(fixture.count_users().await, 5);
    let (entry, rows) = last_entry(&fixture).await;
    assert_eq!(entry[0], "user.bulk_delete");
    let before = |id: i64| {
        json!({
            "email": format!("user{id}@example.com"), "username": format!("user{id}"), "full_name": null,
            "is_active": true, "is_superuser": false, "created_at": "2026-01-01T00:00:00+00:00",
            "updated_at": "2026-01-01T00:00:00+00:00",
        })
    };
    assert_eq!(
        rows,
        [
            json!(["user.delete", "self", ADMIN, null, null]),
            json!(["user.delete", null, 101, before(101), null]),
            json!(["user.delete", "referenced", 102, null, null]),
            json!(["user.delete", null, 103, before(103), null]),
        ]
    );
}

#[tokio::test]
async fn the_last_active_superusers_stay_together() {
    let others = [4, 5].map(|id| UserFixture::new(id, &format!("root{id}")).superuser());
    let fixture = Fixture::with(&others).await;
    let api = fixture.start("users").await;
    let by_admin = |body: &Value| fixture.post(UPDATE).json(body);
    // The environment remembers for a while that the sender is a superuser.
    assert_eq!(
        api.send(&by_admin(&off(json!({ "ids": [2] }))))
            .await
            .status,
        200
    );
    fixture
        .database
        .pool()
        .execute("UPDATE users SET is_active = FALSE WHERE id = 1")
        .await
        .unwrap();
    let reasons = |response: &Response| -> Vec<String> {
        let skipped = response.json()["skipped"].clone();
        let skipped = skipped.as_array().unwrap().iter();
        skipped
            .map(|skipped| skipped["reason"].to_string())
            .collect()
    };
    let demote = json!({ "ids": [4, 5], "set": { "is_superuser": false } });
    let refused = api.send(&by_admin(&demote)).await;
    assert_eq!(reasons(&refused), ["\"last_superuser\""; 2]);
    assert_eq!(
        reasons(&send(&fixture, &api, DELETE, &json!({ "ids": [4, 5] })).await),
        ["\"last_superuser\""; 2]
    );
    let one = json!({ "ids": [4], "set": { "is_superuser": false } });
    assert_eq!(api.send(&by_admin(&one)).await.json()["changed"], 1);
    assert_eq!(count(&fixture, "is_active AND is_superuser").await, 1);
}

#[tokio::test]
async fn a_right_that_is_taken_from_many_ends_at_once_in_the_same_environment() {
    let fixture = Fixture::with(&[UserFixture::new(4, "other").superuser()]).await;
    let api = fixture.start("users").await;
    let get = Request::get("/api/v1/users").bearer(&fixture.token(4));
    assert_eq!(api.send(&get).await.status, 200);
    let done = send(&fixture, &api, UPDATE, &off(json!({ "ids": [2, 4] }))).await;
    assert_eq!(done.json()["changed"], 2, "{}", done.text());
    assert_unauthorized(&api.send(&get).await);
}

#[tokio::test]
async fn a_repeated_key_is_answered_as_before_and_does_nothing() {
    let fixture = Fixture::with(&many(2)).await;
    let api = fixture.start("users").await;
    let keyed = |body: &Value| {
        let request = fixture.post(DELETE).header("idempotency-key", "k");
        request.json(body)
    };
    let delete = keyed(&json!({ "ids": [101, 9] }));
    let first = api.send(&delete).await;
    let again = api.send(&delete).await;
    assert_eq!((first.status, again.json()), (200, first.json()));
    assert_eq!(again.header("idempotent-replayed").unwrap(), "true");
    let other = keyed(&json!({ "ids": [102] }));
    assert_eq!(api.send(&other).await.status, 422);
    assert_eq!(fixture.audit().await.len(), 2);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_reason() {
    let fixture = Fixture::new().await;
    let api = fixture.start("users").await;
    let one_of = "The body must have exactly one of ids, emails and filter";
    let of_filter = "all, expected_count and cursor are for a filter alone";
    for (body, message) in [
        (json!({}), one_of),
        (json!({ "ids": [1], "filter": {} }), one_of),
        (json!({ "ids": [1], "all": true }), of_filter),
        (
            json!({ "emails": ["a@example.com"], "expected_count": 1 }),
            of_filter,
        ),
        (json!({ "ids": [] }), "ids must not be empty"),
        (json!({ "ids": [0] }), "ids must be ids of users, such as 7"),
        (json!({ "ids": 7 }), "ids must be a list of ids"),
        (
            json!({ "emails": ["\u{0}"] }),
            "emails must not contain control characters",
        ),
        (
            json!({ "filter": {}, "expected_count": 3 }),
            "An empty filter means all users; say so with \"all\": true",
        ),
        (
            json!({ "filter": { "is_active": true, "search": " " } }),
            "Parameter search must be text that is not blank, a number, true or false",
        ),
        (
            json!({ "ids": [1], "filter": null }),
            "filter must be an object",
        ),
        (
            json!({ "filter": { "is_activ": true } }),
            "Unknown parameter \"is_activ\"; supported: is_active, is_superuser, search, email, username, id, \
             created_from, created_to",
        ),
        (
            json!({ "filter": { "search": "a", "id": [1, 2] } }),
            "Parameters do not fit together: search does not combine with id",
        ),
        (
            json!({ "filter": {}, "cursor": "x" }),
            "cursor is not one that this API gave out",
        ),
        (
            json!({ "ids": [1], "dryrun": true }),
            "Unknown field \"dryrun\"",
        ),
        (
            json!({ "ids": [1], "dry_run": "yes" }),
            "dry_run must be true or false",
        ),
    ] {
        for (path, body) in [(UPDATE, off(body.clone())), (DELETE, body)] {
            let refused = send(&fixture, &api, path, &body).await;
            assert_error(&refused, 400, "invalid_request", message);
        }
    }
    let nothing = json!({ "ids": [ORDINARY], "set": {} });
    let refused = send(&fixture, &api, UPDATE, &nothing).await;
    let message =
        "set must be an object with at least one of is_active, is_superuser and full_name";
    assert_error(&refused, 400, "invalid_request", message);
    let same =
        json!({ "ids": [2], "set": { "email": "a@example.com", "password": "correct horse" } });
    let refused = send(&fixture, &api, UPDATE, &same).await;
    let detail = |field: &str| {
        json!({
            "index": 0, "field": field, "code": "not_allowed",
            "message": format!("{field} cannot be the same for many users"),
        })
    };
    let body = json!({
        "error": "validation_failed",
        "message": "Nothing was changed: 2 values are not valid, see details",
        "details": [detail("email"), detail("password")],
    });
    assert_eq!(
        refused.json()["details"],
        body["details"],
        "{}",
        refused.text()
    );
    assert_eq!(fixture.audit().await, []);
    for path in [UPDATE, DELETE] {
        let request = Request::post(path).bearer(&fixture.token(ORDINARY));
        let refused = api.send(&request.json(&json!({ "ids": [3] }))).await;
        assert_error(&refused, 403, "forbidden", "Only superusers may do this");
    }
}

#[tokio::test]
async fn all_users_are_meant_by_an_empty_filter_that_says_so() {
    let fixture = Fixture::with(&many(2)).await;
    let api = fixture.start("users").await;
    let body = json!({ "filter": {}, "all": true, "expected_count": 5 });
    let deleted = send(&fixture, &api, DELETE, &body).await;
    assert_eq!(deleted.json()["deleted"], 4, "{}", deleted.text());
    assert_eq!(fixture.count_users().await, 1);
}
