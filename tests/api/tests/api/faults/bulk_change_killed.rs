//! A change of many users is killed again and again: the server under it, or the function that asked for it.

use std::time::Duration;

use rig::Gateway;
use serde_json::json;
use servers::PostgresOptions;

use super::{blocking, own_server, start};
use crate::bulk_changes::UPDATE;
use crate::fixture::Fixture;

const USERS: i64 = 4_000;
const KILLS: u64 = 100;

/// Waits until the change is being made.
async fn wait_for_statement(fixture: &Fixture) {
    let is_running = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'rollcall-%' AND state = 'active'
             AND query LIKE 'WITH %'";
    while sqlx::query_scalar::<_, i64>(is_running)
        .fetch_one(fixture.database.pool())
        .await
        .unwrap()
        == 0
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn many_users_are_changed_all_or_none_and_never_without_their_entries() {
    // What was confirmed must outlive the crash.
    let options = PostgresOptions::temporary().setting("synchronous_commit", "on");
    let mut server = own_server(options).await;
    let fixture = Fixture::on(&server.url("postgres")).await;
    sqlx::query(
        "INSERT INTO users (email, username, full_name)
         SELECT n || '@example.com', 'many' || n, '0' FROM generate_series(1, $1) AS n",
    )
    .bind(USERS)
    .execute(fixture.database.pool())
    .await
    .unwrap();
    let api = start(fixture.function("users")).await;
    let (mut before, mut confirmed) = (0, 0);
    for round in 1..=KILLS {
        let change = json!({
            "filter": { "search": "many" }, "expected_count": USERS, "set": { "full_name": round.to_string() },
        });
        let request = fixture.post(UPDATE).json(&change);
        let change = tokio::spawn(api.invoke(request.event(Gateway::HttpApi)));
        wait_for_statement(&fixture).await;
        // Each round a little later, so that some end before and some after the commit.
        tokio::time::sleep(Duration::from_millis(8 * round)).await;
        if round % 2 == 0 {
            server = blocking(move || server.crash().map(|()| server)).await;
            server = blocking(move || server.restart().map(|()| server)).await;
        } else {
            for instance in api.instances() {
                instance.kill();
                instance.exited().await;
            }
            fixture.end_sessions().await;
        }
        let is_confirmed = match change.await.unwrap().outcome {
            rig::Outcome::Response(answer) => answer["statusCode"] == 200,
            _ => false,
        };
        let (names, changed, entries, rows): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT
                 (SELECT count(DISTINCT full_name) FROM users WHERE username LIKE 'many%'),
                 (SELECT count(*) FROM users WHERE full_name = $1),
                 (SELECT count(*) FROM user_audit WHERE action = 'user.bulk_update'),
                 (SELECT count(*) FROM user_audit WHERE is_row)",
        )
        .bind(round.to_string())
        .fetch_one(fixture.database.pool())
        .await
        .unwrap();
        assert_eq!(names, 1, "round {round} did half of it");
        assert!([0, USERS].contains(&changed), "{changed}");
        assert_eq!(entries - before, i64::from(changed > 0), "round {round}");
        assert_eq!(rows, entries * USERS, "round {round}");
        assert!(changed > 0 || !is_confirmed, "round {round} was confirmed");
        before = entries;
        confirmed += i64::from(is_confirmed);
    }
    eprintln!("{before} of {KILLS} changes were made, {confirmed} confirmed");
    // Whatever was killed too late or too early proves nothing.
    assert!(before < i64::try_from(KILLS).unwrap());
    drop((api, fixture, server));
}
