//! Every session is ended by the server, again and again, as in a fail-over.

use super::{ROUNDS, assert_written_once, keyed_write, read, start, while_sessions_end, write};
use crate::fixture::Fixture;
use crate::traffic::{Seen, Traffic};

async fn while_sessions_are_ended(fixture: &Fixture, traffic: Traffic, instances: u32) -> Seen {
    while_sessions_end(fixture, traffic, instances, async |_| ()).await
}

#[tokio::test]
async fn no_read_fails_when_all_backends_are_terminated() {
    let fixture = Fixture::new().await;
    for (instances, concurrency) in [(4, 1), (1, 8)] {
        let builder = fixture.function("users").instances(instances);
        let api = start(builder.concurrency(concurrency)).await;
        let traffic = Traffic::start(&api, 4, read(&fixture));
        let seen = while_sessions_are_ended(&fixture, traffic, instances).await;
        seen.assert_no_failure(&format!(
            "backends terminated {ROUNDS} times, reads, {concurrency} at once in an instance"
        ));
    }
}

#[tokio::test]
async fn no_write_is_applied_twice_when_all_backends_are_terminated() {
    let fixture = Fixture::new().await;
    let builder = fixture.function("bulk-create").instances(4);
    let api = start(builder.concurrency(1)).await;
    let traffic = Traffic::start(&api, 4, write(&fixture));
    let seen = while_sessions_are_ended(&fixture, traffic, 4).await;
    seen.report("backends terminated, writes without a key");
    // Nobody can tell whether a commit came through, and the caller is told so.
    seen.assert_only(&[(503, "database_unavailable")]);
    for failure in seen.failures() {
        let text = failure.response.text();
        assert!(text.contains("may or may not have been saved"), "{text}");
    }
    assert_written_once(&fixture, &seen).await;
}

#[tokio::test]
async fn no_write_with_a_key_fails_when_all_backends_are_terminated() {
    for (instances, concurrency) in [(4, 1), (1, 8)] {
        let fixture = Fixture::new().await;
        let builder = fixture.function("bulk-create").instances(instances);
        let api = start(builder.concurrency(concurrency)).await;
        let traffic = Traffic::start(&api, 4, keyed_write(&fixture));
        let seen = while_sessions_are_ended(&fixture, traffic, instances).await;
        seen.assert_no_failure(&format!(
            "backends terminated, writes with a key, {concurrency} at once in an instance"
        ));
        assert_written_once(&fixture, &seen).await;
    }
}
