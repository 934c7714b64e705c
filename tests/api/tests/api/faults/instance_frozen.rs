//! An environment sleeps longer than the server keeps an idle session.

use std::time::Duration;

use rig::Request;
use sqlx::Executor;

use super::{assert_written_once, read, start, write};
use crate::fixture::{Api, Fixture};
use crate::traffic::Traffic;

const ROUNDS: usize = 5;

#[tokio::test]
async fn no_request_fails_after_a_freeze_that_outlasts_the_session() {
    let fixture = Fixture::new().await;
    let cut_off = format!(
        "ALTER DATABASE {} SET idle_session_timeout = '200ms'",
        fixture.database.name()
    );
    fixture
        .database
        .pool()
        .execute(cut_off.as_str())
        .await
        .unwrap();
    let readers = start(fixture.function("users")).await;
    let writers = start(fixture.function("bulk-create")).await;
    for _ in 0..ROUNDS {
        freeze_until_forgotten(&fixture, &readers).await;
        sleep_through(&readers, read(&fixture)).await;
    }
    let mut number = 0;
    for _ in 0..ROUNDS {
        freeze_until_forgotten(&fixture, &writers).await;
        let write = write(&fixture);
        let first = number;
        number += sleep_through(&writers, move |number| write(first + number)).await;
    }
    assert_eq!(
        fixture.count_users().await,
        3 + i64::try_from(number).unwrap()
    );
}

/// Freezes the instance and waits until the server has ended its session.
async fn freeze_until_forgotten(fixture: &Fixture, api: &Api) {
    for instance in api.instances() {
        instance.freeze();
    }
    while fixture.count_sessions().await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends requests, the first of which wakes the instance, and tells how many.
async fn sleep_through(
    api: &std::sync::Arc<Api>,
    request: impl Fn(usize) -> Request + Send + Sync + 'static,
) -> usize {
    let traffic = Traffic::start(api, 1, request);
    traffic.more(5).await;
    let seen = traffic.stop().await;
    seen.assert_no_failure("frozen past the server's idle cut-off");
    seen.answers.len()
}

#[tokio::test]
async fn no_write_is_applied_twice_when_instances_freeze_at_work_and_lose_their_sessions() {
    let fixture = Fixture::new().await;
    let api = start(fixture.function("bulk-create").instances(2)).await;
    let traffic = Traffic::start(&api, 2, write(&fixture));
    for _ in 0..10 {
        traffic.more(5).await;
        for instance in api.instances() {
            instance.freeze();
        }
        fixture.end_sessions().await;
        for instance in api.instances() {
            instance.thaw();
        }
    }
    let seen = traffic.stop().await;
    seen.report("frozen in the middle of work, and the sessions ended");
    seen.assert_only(&[(503, "database_unavailable")]);
    assert_written_once(&fixture, &seen).await;
}
