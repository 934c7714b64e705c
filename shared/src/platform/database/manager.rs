//! How the pool makes connections and decides whether one can be used again.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use sqlx::{Connection, PgConnection};

use super::connector::Connector;
use crate::platform::{freeze_proof_instant::FreezeProofInstant, metrics};

/// A connection that rested longer than this is asked for a sign of life before it is used. One
/// used a moment ago is not: a ping would double the round trips of every warm request.
const MAX_IDLE_BEFORE_PING: Duration = Duration::from_secs(5);

/// A part of what Lambda leaves a process between SIGTERM and SIGKILL.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(50);

/// The connections of an environment.
pub(super) type Pool = deadpool::managed::Pool<ConnectionManager>;

/// Makes and checks connections for the pool.
pub(super) struct ConnectionManager {
    connector: Connector,
    /// Goes up when a connection is found broken.
    generation: AtomicU64,
}

/// A connection and when it was last known to work.
pub(super) struct PooledConnection {
    pub(super) connection: PgConnection,
    /// The generation that it was opened in.
    generation: u64,
    used_at: FreezeProofInstant,
    /// When the server was last known to be a replica that follows.
    pub(super) fit_at: Option<FreezeProofInstant>,
}

impl ConnectionManager {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector,
            generation: AtomicU64::new(0),
        }
    }

    /// What broke one connection has probably broken the others too: those that are as old are not used
    /// again, so that a second attempt meets none of them.
    pub(super) fn invalidate_older_than(&self, broken: &PooledConnection) {
        let before = broken.generation;
        // If another one of the same time was found first, the younger ones are to be trusted.
        let _ = self.generation.compare_exchange(
            before,
            before + 1,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }
}

impl PooledConnection {
    pub(super) fn mark_used(&mut self) {
        self.used_at = FreezeProofInstant::now();
    }

    /// Ends the session, if the server still listens.
    pub(super) async fn close(self) {
        let goodbye = tokio::time::timeout(GOODBYE_TIMEOUT, self.connection.close());
        // The process is about to end, and its sockets with it, whatever comes of this.
        let _ = goodbye.await;
    }
}

impl Manager for ConnectionManager {
    type Type = PooledConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PooledConnection, sqlx::Error> {
        let started = Instant::now();
        let generation = self.generation.load(Ordering::Relaxed);
        let connection = self.connector.connect().await?;
        metrics::time(metrics::CONNECTION_CREATE, started.elapsed());
        Ok(PooledConnection {
            connection,
            generation,
            used_at: FreezeProofInstant::now(),
            fit_at: None,
        })
    }

    async fn recycle(
        &self,
        pooled: &mut PooledConnection,
        _: &Metrics,
    ) -> RecycleResult<sqlx::Error> {
        if pooled.generation != self.generation.load(Ordering::Relaxed) {
            return Err(RecycleError::message("it is as old as one that broke"));
        }
        if pooled.used_at.elapsed() > MAX_IDLE_BEFORE_PING {
            pooled.connection.ping().await?;
        }
        Ok(())
    }
}
