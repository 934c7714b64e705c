//! The server has no connection left.

use std::time::{Duration, Instant};

use servers::PostgresOptions;
use sqlx::{Connection, PgConnection};

use super::{own_server, read, start};
use crate::fixture::Fixture;
use crate::traffic::Traffic;

#[tokio::test]
async fn a_full_server_is_a_503_for_newcomers_and_nothing_for_who_is_connected() {
    let server = own_server(PostgresOptions::temporary().setting("max_connections", "15")).await;
    let fixture = Fixture::on(&server.url("postgres")).await;
    let connected = start(fixture.function("users").instances(2)).await;
    let residents = Traffic::start(&connected, 2, read(&fixture));
    residents.more(20).await;

    let others = fill(fixture.database.url()).await;
    let refused = start(fixture.function("users").instances(2)).await;
    let newcomers = Traffic::start(&refused, 2, read(&fixture));
    newcomers.more(20).await;
    residents.more(20).await;
    for other in others {
        other.close().await.unwrap();
    }
    let freed = Instant::now();
    newcomers.more(50).await;

    residents
        .stop()
        .await
        .assert_no_failure("max_connections reached, environments with a connection");
    let seen = newcomers.stop().await;
    seen.report("max_connections reached, environments without one");
    seen.assert_only(&[(503, "database_unavailable")]);
    assert!(seen.failures().count() >= 18);
    let recovery = seen.recovery_after(freed);
    eprintln!("last failure sent {recovery:?} after connections were free");
    assert!(recovery < Duration::from_millis(500), "{recovery:?}");
    drop((connected, refused, fixture, server));
}

/// Opens connections until the server lets nobody in any more.
async fn fill(url: &str) -> Vec<PgConnection> {
    let mut connections = Vec::new();
    while let Ok(connection) = PgConnection::connect(url).await {
        connections.push(connection);
    }
    connections
}
