//! The server crashes and comes back.

use std::time::{Duration, Instant};

use servers::PostgresOptions;

use super::{assert_written_once, blocking, own_server, read, start, write};
use crate::fixture::Fixture;
use crate::traffic::Traffic;

/// The first connection after a crash is made within this time.
const AT_ONCE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_crashed_server_is_a_503_and_the_first_request_after_its_return_is_served() {
    // What was confirmed must outlive the crash.
    let options = PostgresOptions::temporary().setting("synchronous_commit", "on");
    let mut server = own_server(options).await;
    let fixture = Fixture::on(&server.url("postgres")).await;
    let lists = start(fixture.function("users").instances(2)).await;
    let imports = start(fixture.function("bulk-create").instances(2)).await;
    let reads = Traffic::start(&lists, 2, read(&fixture));
    let writes = Traffic::start(&imports, 2, write(&fixture));
    reads.more(50).await;
    writes.more(50).await;

    server = blocking(move || server.crash().map(|()| server)).await;
    reads.more(50).await;
    writes.more(50).await;
    let server = blocking(move || server.restart().map(|()| server)).await;
    let up = Instant::now();
    reads.more(50).await;
    writes.more(50).await;

    for (what, traffic) in [("reads", reads), ("writes", writes)] {
        let seen = traffic.stop().await;
        seen.report(&format!("PostgreSQL killed and restarted, {what}"));
        let recovery = seen.recovery_after(up);
        eprintln!("last failure sent {recovery:?} after the server was ready");
        assert!(recovery < AT_ONCE, "{recovery:?}");
        assert!(seen.failures().count() >= 40);
        assert!(seen.slowest() < Duration::from_secs(3));
        seen.assert_only(&[(503, "database_unavailable")]);
        if what == "writes" {
            assert_written_once(&fixture, &seen).await;
        }
    }
    drop((lists, imports, fixture, server));
}
