//! A network that drops all packets: neither end learns that a connection is dead.

use std::time::{Duration, Instant};

use rig::TcpProxy;

use super::{assert_written_once, read, start, write};
use crate::fixture::Fixture;
use crate::traffic::Traffic;

/// What a caller may wait for beyond the request timeout of one second, on a busy machine.
const PROMPTLY: Duration = Duration::from_millis(2_500);

/// Longer than a connection at rest is trusted.
const LONG_REST: Duration = Duration::from_millis(5_100);

async fn proxy(fixture: &Fixture) -> TcpProxy {
    TcpProxy::to(fixture.server_port()).await.unwrap()
}

#[tokio::test]
async fn a_network_that_drops_everything_costs_no_more_than_the_timeout() {
    let fixture = Fixture::new().await;
    let proxy = proxy(&fixture).await;
    let function = |name: &str| {
        fixture
            .function(name)
            .env("DATABASE_URL", proxy.url(fixture.database.url()))
            .env("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1")
            .env("REQUEST_TIMEOUT_SECONDS", "1")
            .instances(2)
    };
    let lists = start(function("users")).await;
    let imports = start(function("bulk-create")).await;
    let reads = Traffic::start(&lists, 2, read(&fixture));
    let writes = Traffic::start(&imports, 2, write(&fixture));
    reads.more(50).await;
    writes.more(50).await;

    proxy.blackhole_all();
    reads.more(6).await;
    writes.more(6).await;
    proxy.restore();
    let restored = Instant::now();
    reads.more(50).await;
    writes.more(50).await;

    for (what, traffic) in [("reads", reads), ("writes", writes)] {
        let seen = traffic.stop().await;
        seen.report(&format!("a network that drops packets, {what}"));
        assert!(seen.failures().count() >= 4);
        assert!(seen.slowest() < PROMPTLY, "{:?}", seen.slowest());
        assert_eq!(seen.recovery_after(restored), Duration::ZERO);
        seen.assert_only(&[(503, "database_unavailable"), (504, "request_timeout")]);
        if what == "writes" {
            assert_written_once(&fixture, &seen).await;
        }
    }
}

#[tokio::test]
async fn a_rested_connection_that_the_network_has_forgotten_fails_no_request() {
    let fixture = Fixture::new().await;
    let proxy = proxy(&fixture).await;
    let url = proxy.url(fixture.database.url());
    let lists = start(fixture.function("users").env("DATABASE_URL", &url)).await;
    let imports = start(fixture.function("bulk-create").env("DATABASE_URL", &url)).await;
    let (read, write) = (read(&fixture), write(&fixture));
    assert_eq!(lists.send(&read(0)).await.status, 200);
    assert_eq!(imports.send(&write(0)).await.status, 201);

    proxy.blackhole_existing();
    tokio::time::sleep(LONG_REST).await;
    for (api, request, status) in [(&lists, read(1), 200), (&imports, write(1), 201)] {
        let asked = Instant::now();
        let response = api.send(&request).await;
        eprintln!(
            "a connection forgotten by the network: answered in {:?}",
            asked.elapsed()
        );
        assert_eq!(response.status, status, "{}", response.text());
        assert!(asked.elapsed() < PROMPTLY, "{:?}", asked.elapsed());
    }
}
