//! Every session is ended by the server, again and again, as in a fail-over.

use super::{assert_written_once, keyed_write, read, start, write};
use crate::traffic::{Seen, Traffic};
use crate::world::World;

const ROUNDS: usize = 10;

/// Ends all sessions again and again, but not before every instance has a new one and has used it: whoever loses two
/// connections in one request is told that the database is not there.
async fn while_sessions_are_ended(world: &World, traffic: Traffic, instances: u32) -> Seen {
    traffic.more(20).await;
    for _ in 0..ROUNDS {
        world.end_sessions().await;
        traffic.more(20).await;
        while world.count_sessions().await < i64::from(instances) {
            traffic.more(1).await;
        }
        // Whoever has lost one connection in its request must be done before it can lose another.
        traffic.more(1).await;
    }
    traffic.stop().await
}

#[tokio::test]
async fn no_read_fails_when_all_backends_are_terminated() {
    let world = World::new().await;
    for (instances, concurrency) in [(4, 1), (1, 8)] {
        let builder = world.function("list-users").instances(instances);
        let api = start(builder.concurrency(concurrency)).await;
        let traffic = Traffic::start(&api, 4, read(&world));
        let seen = while_sessions_are_ended(&world, traffic, instances).await;
        seen.assert_no_failure(&format!(
            "backends terminated {ROUNDS} times, reads, {concurrency} at once in an instance"
        ));
    }
}

#[tokio::test]
async fn no_write_is_applied_twice_when_all_backends_are_terminated() {
    let world = World::new().await;
    let builder = world.function("bulk-create").instances(4);
    let api = start(builder.concurrency(1)).await;
    let traffic = Traffic::start(&api, 4, write(&world));
    let seen = while_sessions_are_ended(&world, traffic, 4).await;
    seen.report("backends terminated, writes without a key");
    // Nobody can tell whether a commit came through, and the caller is told so.
    seen.assert_only(&[(503, "database_unavailable")]);
    for failure in seen.failures() {
        let text = failure.response.text();
        assert!(text.contains("it may have been"), "{text}");
    }
    assert_written_once(&world, &seen).await;
}

#[tokio::test]
async fn no_write_with_a_key_fails_when_all_backends_are_terminated() {
    for (instances, concurrency) in [(4, 1), (1, 8)] {
        let world = World::new().await;
        let builder = world.function("bulk-create").instances(instances);
        let api = start(builder.concurrency(concurrency)).await;
        let traffic = Traffic::start(&api, 4, keyed_write(&world));
        let seen = while_sessions_are_ended(&world, traffic, instances).await;
        seen.assert_no_failure(&format!(
            "backends terminated, writes with a key, {concurrency} at once in an instance"
        ));
        assert_written_once(&world, &seen).await;
    }
}
