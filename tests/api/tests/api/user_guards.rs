//! Nobody locks everybody out, and changes at the same time do not undo each other.

use futures_util::future::join;
use rig::{Request, Response, UserFixture};
use serde_json::{Value, json};

use crate::fixture::{ADMIN, Api, Fixture, ORDINARY, assert_error, assert_unauthorized};
use crate::user_writes::user_path;

/// Another active superuser.
const OTHER: i64 = 4;

const ROUNDS: u32 = 200;

async fn fixture() -> Fixture {
    Fixture::with(&[UserFixture::new(OTHER, "other").superuser()]).await
}

fn by(fixture: &Fixture, actor: i64, method: &str, target: i64) -> Request {
    Request::new(method, &user_path(target)).bearer(&fixture.token(actor))
}

async fn execute(fixture: &Fixture, statement: &str) {
    sqlx::query(statement)
        .execute(fixture.database.pool())
        .await
        .unwrap();
}

async fn count(fixture: &Fixture, what: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {what}"))
        .fetch_one(fixture.database.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn nobody_takes_away_their_own_rights() {
    let fixture = fixture().await;
    let api = fixture.start("users").await;
    let message = "You cannot deactivate or delete yourself, or stop being a superuser; another superuser can";
    for patch in [
        json!({ "is_active": false }),
        json!({ "full_name": "A", "is_superuser": false }),
    ] {
        let response = api.send(&fixture.patch(ADMIN, &patch)).await;
        assert_error(&response, 409, "self", message);
    }
    let response = api.send(&fixture.on_user("DELETE", ADMIN)).await;
    assert_error(&response, 409, "self", message);
    let path = format!("{}?dry_run=true", user_path(ADMIN));
    let preview = Request::new("DELETE", &path).bearer(&fixture.token(ADMIN));
    assert_error(&api.send(&preview).await, 409, "self", message);
    // What takes nothing away is allowed.
    let rename = json!({ "full_name": "A", "is_active": true, "is_superuser": true });
    assert_eq!(api.send(&fixture.patch(ADMIN, &rename)).await.status, 200);
    let refusals: Vec<_> = fixture
        .audit()
        .await
        .into_iter()
        .map(|entry| entry.1)
        .collect();
    let own = || Some("self".to_owned());
    assert_eq!(refusals, [own(), own(), own(), None]);
}

#[tokio::test]
async fn the_last_active_superuser_stays_one() {
    let fixture = fixture().await;
    let api = fixture.start("users").await;
    let get = by(&fixture, OTHER, "GET", ADMIN);
    assert_eq!(api.send(&get).await.status, 200);
    // The environment remembers for a while that OTHER is a superuser.
    execute(&fixture, "UPDATE users SET is_active = FALSE WHERE id = 4").await;
    let message = "This user is the last active superuser; make another user a superuser first";
    for request in [
        by(&fixture, OTHER, "PATCH", ADMIN).json(&json!({ "is_active": false })),
        by(&fixture, OTHER, "PATCH", ADMIN).json(&json!({ "is_superuser": false })),
        by(&fixture, OTHER, "DELETE", ADMIN),
    ] {
        assert_error(&api.send(&request).await, 409, "last_superuser", message);
    }
    execute(
        &fixture,
        "UPDATE users SET is_superuser = TRUE WHERE id = 2",
    )
    .await;
    let demote = by(&fixture, OTHER, "PATCH", ADMIN).json(&json!({ "is_superuser": false }));
    assert_eq!(api.send(&demote).await.status, 200);
    let refusals: Vec<_> = fixture
        .audit()
        .await
        .into_iter()
        .map(|entry| entry.1)
        .collect();
    let last = || Some("last_superuser".to_owned());
    assert_eq!(refusals, [last(), last(), last(), None]);
}

#[tokio::test]
async fn a_right_that_is_taken_away_ends_in_the_same_environment_at_once() {
    let fixture = fixture().await;
    let api = fixture.start("users").await;
    let get = by(&fixture, OTHER, "GET", ADMIN);
    for (take, give) in [
        (json!({ "is_active": false }), json!({ "is_active": true })),
        (
            json!({ "is_superuser": false }),
            json!({ "is_superuser": true }),
        ),
    ] {
        assert_eq!(api.send(&get).await.status, 200);
        assert_eq!(api.send(&fixture.patch(OTHER, &take)).await.status, 200);
        let refused = api.send(&get).await;
        assert!([401, 403].contains(&refused.status), "{}", refused.text());
        assert_eq!(api.send(&fixture.patch(OTHER, &give)).await.status, 200);
    }
    assert_eq!(api.send(&get).await.status, 200);
    assert_eq!(
        api.send(&fixture.on_user("DELETE", OTHER)).await.status,
        204
    );
    assert_unauthorized(&api.send(&get).await);
}

#[tokio::test]
async fn of_two_superusers_who_lock_each_other_out_one_stays() {
    let fixture = fixture().await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    let off = json!({ "is_active": false });
    let demote = json!({ "is_superuser": false });
    let mut refused = 0;
    for round in 0..ROUNDS {
        let request = |actor, target| {
            let request = |method| by(&fixture, actor, method, target);
            match (round + u32::from(actor == ADMIN)) % 3 {
                0 => request("PATCH").json(&off),
                1 => request("PATCH").json(&demote),
                _ => request("DELETE"),
            }
        };
        let (first, second) = (request(ADMIN, OTHER), request(OTHER, ADMIN));
        let (first, second) = join(api.send(&first), api.send(&second)).await;
        let is_done = |response: &Response| [200, 204].contains(&response.status);
        assert_eq!(
            [is_done(&first), is_done(&second)]
                .into_iter()
                .filter(|is_done| *is_done)
                .count(),
            1,
            "{} {}",
            first.text(),
            second.text()
        );
        refused += u32::from([&first, &second].iter().any(|answer| answer.status == 409));
        let left = count(&fixture, "users WHERE is_active AND is_superuser").await;
        assert_eq!(left, 1, "round {round}");
        execute(
            &fixture,
            "INSERT INTO users (id, email, username, is_superuser)
             VALUES (1, 'admin@example.com', 'admin', TRUE), (4, 'other@example.com', 'other', TRUE)
             ON CONFLICT (id) DO UPDATE SET is_active = TRUE, is_superuser = TRUE",
        )
        .await;
    }
    // Where one was so late that its sender was nobody any more, there was no race.
    assert!(refused > ROUNDS / 4, "{refused}");
    assert_eq!(
        count(&fixture, "user_audit WHERE refusal IS NULL").await,
        i64::from(ROUNDS)
    );
}

#[tokio::test]
async fn of_two_changes_by_the_same_tag_one_is_made() {
    let fixture = fixture().await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    let mut etag = api
        .send(&fixture.on_user("GET", ORDINARY))
        .await
        .header("etag")
        .unwrap();
    for round in 0..ROUNDS {
        let request = |name: &str| {
            let patch = json!({ "full_name": format!("{name} {round}") });
            fixture.patch(ORDINARY, &patch).header("if-match", &etag)
        };
        let (first, second) = (request("first"), request("second"));
        let (first, second) = join(api.send(&first), api.send(&second)).await;
        let (done, refused) = if first.status == 200 {
            (first, second)
        } else {
            (second, first)
        };
        assert_eq!((done.status, refused.status), (200, 412), "{}", done.text());
        assert_eq!(refused.json()["current"], done.json());
        etag = done.header("etag").unwrap();
    }
    let kinds = "user_audit WHERE refusal = 'precondition_failed'";
    assert_eq!(count(&fixture, kinds).await, i64::from(ROUNDS));
}

#[tokio::test]
async fn of_two_changes_without_a_tag_both_are_made_and_the_log_joins_them() {
    let fixture = fixture().await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    for round in 0..ROUNDS {
        let request = |name: &str| {
            fixture.patch(ORDINARY, &json!({ "full_name": format!("{name} {round}") }))
        };
        let (first, second) = (request("first"), request("second"));
        let (first, second) = join(api.send(&first), api.send(&second)).await;
        assert_eq!(
            (first.status, second.status),
            (200, 200),
            "{}",
            first.text()
        );
    }
    let entries: Vec<(Value, Value)> =
        sqlx::query_as("SELECT before -> 'full_name', after -> 'full_name' FROM user_audit")
            .fetch_all(fixture.database.pool())
            .await
            .unwrap();
    assert_eq!(entries.len(), 2 * ROUNDS as usize);
    // Each change found what another one had left: from nothing, one way through all of them.
    let mut name = json!(null);
    for _ in 0..entries.len() {
        let next = entries.iter().find(|(before, _)| *before == name);
        name = next
            .unwrap_or_else(|| panic!("nobody found {name}"))
            .1
            .clone();
    }
    let stored: String = sqlx::query_scalar("SELECT full_name FROM users WHERE id = $1")
        .bind(ORDINARY)
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
    assert_eq!(name, json!(stored));
}
