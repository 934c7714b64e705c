//! Faults, each with real servers and with traffic running, and what callers see of them.

mod backends_terminated;
mod bulk_change_killed;
mod connections_exhausted;
mod credentials_rotated;
mod environment_ends;
mod import_killed;
mod instance_frozen;
mod network_blackhole;
mod pooler;
mod postgres_killed;
mod replica;
mod secrets_manager_down;

use std::sync::Arc;
use std::time::Duration;

use rig::Request;
use serde_json::json;
use servers::{Postgres, PostgresOptions};

use crate::fixture::{ADMIN, Fixture};
use crate::imports::{BULK, user};
use crate::traffic::{Seen, Traffic};

/// How often something happens again and again.
const ROUNDS: usize = 10;

/// A server that a test may ruin.
pub async fn own_server(options: PostgresOptions) -> Postgres {
    blocking(move || Postgres::start(&options)).await
}

/// Runs what blocks beside the test.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> T {
    tokio::task::spawn_blocking(work).await.unwrap().unwrap()
}

/// A list that is answered by the database.
fn read(fixture: &Fixture) -> impl Fn(usize) -> Request + Send + Sync + 'static {
    let request = fixture.get("/api/v1/users?size=5");
    move |_| request.clone()
}

/// An import of one user, another one each time.
fn write(fixture: &Fixture) -> impl Fn(usize) -> Request + Send + Sync + 'static {
    let token = fixture.token(ADMIN);
    move |number| {
        Request::post(BULK)
            .bearer(&token)
            .json(&json!([user(&format!("user{number}"))]))
    }
}

/// The same with an Idempotency-Key of its own.
fn keyed_write(fixture: &Fixture) -> impl Fn(usize) -> Request + Send + Sync + 'static {
    let write = write(fixture);
    move |number| write(number).header("idempotency-key", &format!("key-{number}"))
}

/// Demands that every import that was answered with success is there, and none twice.
async fn assert_written_once(fixture: &Fixture, seen: &Seen) {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT username, count(*) FROM users GROUP BY username")
            .fetch_all(fixture.database.pool())
            .await
            .unwrap();
    assert!(rows.iter().all(|(_, count)| *count == 1), "{rows:?}");
    let mut unanswered = 0;
    for answer in &seen.answers {
        let name = format!("user{}", answer.number);
        let is_stored = rows.iter().any(|(username, _)| *username == name);
        if answer.response.status == 201 {
            assert!(is_stored, "{name} was confirmed and is not there");
        } else if is_stored {
            unanswered += 1;
        }
    }
    eprintln!("writes that were stored and not confirmed: {unanswered}");
}

/// One running function behind a shared handle.
async fn start(builder: rig::FunctionBuilder) -> Arc<crate::fixture::Api> {
    Arc::new(crate::fixture::Api::start(builder).await)
}

/// Ends all sessions again and again, each time after `before`, but not before every instance has a new
/// one and has used it: whoever loses two connections in one request is told that the database is not
/// there.
async fn while_sessions_end(
    fixture: &Fixture,
    traffic: Traffic,
    instances: u32,
    before: impl AsyncFn(usize),
) -> Seen {
    traffic.more(20).await;
    for round in 0..ROUNDS {
        before(round).await;
        fixture.end_sessions().await;
        traffic.more(20).await;
        let until_all_are_back = async {
            while fixture.count_sessions().await < i64::from(instances) {
                traffic.more(1).await;
            }
        };
        let back = tokio::time::timeout(Duration::from_secs(30), until_all_are_back).await;
        assert!(back.is_ok(), "the instances get no new sessions");
        // Whoever has lost one connection in its request must be done before it can lose another.
        traffic.more(1).await;
    }
    traffic.stop().await
}
