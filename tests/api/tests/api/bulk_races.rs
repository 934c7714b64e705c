//! Changes of many users beside each other and beside imports.

use futures_util::future::join;
use rig::{Request, UserFixture};
use serde_json::{Value, json};

use crate::bulk_changes::{DELETE, UPDATE, off};
use crate::fixture::{ADMIN, Api, Fixture};
use crate::imports::{BULK, users};

const ROUNDS: u32 = 200;

/// Another active superuser.
const OTHER: i64 = 4;

async fn scalar(fixture: &Fixture, sql: &str) -> i64 {
    sqlx::query_scalar(sql)
        .fetch_one(fixture.database.pool())
        .await
        .unwrap()
}

async fn assert_counts_are_true(fixture: &Fixture) {
    let drift = "SELECT coalesce(sum(abs(users)), 0)::bigint FROM user_counts_drift";
    assert_eq!(scalar(fixture, drift).await, 0);
}

#[tokio::test]
async fn of_two_superusers_who_lock_each_other_out_among_many_one_stays() {
    let fixture = Fixture::with(&[UserFixture::new(OTHER, "other").superuser()]).await;
    let api = Api::start(fixture.function("users").instances(2)).await;
    let by = |actor: i64, round: u32| {
        let selection = if round.is_multiple_of(2) {
            json!({ "ids": [ADMIN, 2, 3, OTHER] })
        } else {
            json!({ "filter": { "is_superuser": true, "is_active": true }, "expected_count": 2 })
        };
        let (path, body) = match (round + u32::from(actor == ADMIN)) % 3 {
            0 => (UPDATE, off(selection)),
            1 => {
                let mut demotion = selection;
                demotion["set"] = json!({ "is_superuser": false });
                (UPDATE, demotion)
            }
            _ => (DELETE, selection),
        };
        Request::post(path)
            .bearer(&fixture.token(actor))
            .json(&body)
    };
    let mut both_answered = 0;
    for round in 0..ROUNDS {
        let (first, second) = (by(ADMIN, round), by(OTHER, round));
        let (first, second) = join(api.send(&first), api.send(&second)).await;
        let statuses = [first.status, second.status];
        // Whoever is late has no rights any more, or finds another number of superusers.
        assert!(
            statuses
                .iter()
                .all(|status| [200, 401, 403, 409].contains(status)),
            "{} {}",
            first.text(),
            second.text()
        );
        both_answered += u32::from(statuses == [200, 200]);
        let left = "SELECT count(*) FROM users WHERE is_active AND is_superuser";
        assert_eq!(scalar(&fixture, left).await, 1, "round {round}");
        sqlx::query(
            "INSERT INTO users (id, email, username, is_superuser) OVERRIDING SYSTEM VALUE
             VALUES (1, 'admin@example.com', 'admin', TRUE), (4, 'other@example.com', 'other', TRUE),
                 (2, 'ordinary@example.com', 'ordinary', FALSE)
             ON CONFLICT (id) DO UPDATE SET is_active = TRUE, is_superuser = excluded.is_superuser",
        )
        .execute(fixture.database.pool())
        .await
        .unwrap();
    }
    assert!(both_answered > ROUNDS / 10, "{both_answered}");
    assert_counts_are_true(&fixture).await;
}

#[tokio::test]
async fn many_users_are_deleted_beside_an_import_of_the_same_ones_as_one_after_the_other() {
    let fixture = Fixture::new().await;
    let api = Api::start(fixture.function("users")).await;
    let imports = Api::start(fixture.function("bulk-create")).await;
    let rows = users("twin", 20);
    let emails: Vec<&Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["email"])
        .collect();
    let import = fixture.post(&format!("{BULK}?on_conflict=update"));
    let delete = fixture.post(DELETE).json(&json!({ "emails": emails }));
    let mut counts = [0, 0];
    for round in 0..ROUNDS {
        let mut rows = rows.clone();
        for row in rows.as_array_mut().unwrap() {
            row["full_name"] = format!("Round {round}").into();
        }
        let import = import.clone().json(&rows);
        let (imported, deleted) = join(imports.send(&import), api.send(&delete)).await;
        assert!([200, 201].contains(&imported.status), "{}", imported.text());
        assert_eq!(deleted.status, 200, "{}", deleted.text());
        let left = "SELECT count(*) FROM users WHERE username LIKE 'twin%'";
        let left = scalar(&fixture, left).await;
        assert!([0, 20].contains(&left), "round {round}: {left}");
        counts[usize::from(left > 0)] += 1;
        let balance = "SELECT
             count(*) FILTER (WHERE action = 'user.create') - count(*) FILTER (WHERE action = 'user.delete')
             FROM user_audit WHERE is_row AND refusal IS NULL";
        assert_eq!(scalar(&fixture, balance).await, left, "round {round}");
    }
    // Both orders have to occur, or there was no race.
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    assert_counts_are_true(&fixture).await;
}
