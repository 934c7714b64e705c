//! A server that follows the primary and answers reads.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::PgConnection;

use super::{lease::Lease, manager::Pool};
use crate::platform::{
    consistency_token::ConsistencyToken, error::chain, freeze_proof_instant::FreezeProofInstant,
};

/// A connection to a replica is not waited for longer: the primary is there.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// A replica that could not be reached is not asked for this long.
const COOLDOWN: Duration = Duration::from_secs(5);

/// How long a connection is trusted to lead to a replica that follows.
const FITNESS_LASTS: Duration = Duration::from_secs(1);

/// The pauses while a write that a caller wants to see has not arrived. Replicas are milliseconds behind as a
/// rule, and the primary is a round trip away.
const PAUSES_MILLISECONDS: [u64; 4] = [2, 5, 10, 20];

/// Whether the server may answer reads: it is a replica, at most ten seconds behind, and shows the
/// transaction. A server that was promoted is another one's replica no longer. What Aurora calls a replica
/// reads the primary's storage, has no positions in the log, and is restarted by Aurora when it falls behind.
///
/// The list of running transactions in `pg_current_snapshot()` is empty on a replica, so that
/// `pg_visible_in_snapshot` is true there for some that still run; `pg_xact_status` is right, but fails for a
/// transaction that is yet to come.
const CHECK: &str = "
    SELECT
        pg_is_in_recovery()
        AND CASE
            WHEN to_regproc('pg_catalog.aurora_version') IS NOT NULL THEN TRUE
            WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN TRUE
            ELSE coalesce(now() - pg_last_xact_replay_timestamp() < INTERVAL '10 seconds', FALSE)
        END,
        CASE
            WHEN $1::text IS NULL THEN TRUE
            WHEN $1::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) THEN FALSE
            ELSE coalesce(pg_xact_status($1::text::xid8) = 'committed', TRUE)
        END";

/// The connections to a replica.
pub(super) struct Replica {
    pool: Pool,
    failed_at: Mutex<Option<FreezeProofInstant>>,
}

impl Replica {
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            failed_at: Mutex::new(None),
        }
    }

    /// Opens a first connection.
    pub(super) async fn warm_up(&self) {
        match Lease::acquire(&self.pool).await {
            Ok(lease) => lease.give_back(),
            Err(error) => {
                tracing::warn!(error = chain(&error), "no connection to the replica yet");
                self.cool_down();
            }
        }
    }

    /// The connections, whatever happened to them.
    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Whether it is worth asking: it has not failed a moment ago.
    pub(super) fn is_available(&self) -> bool {
        self.failed_at()
            .is_none_or(|failed_at| failed_at.elapsed() > COOLDOWN)
    }

    /// Asks the primary alone for a while.
    pub(super) fn cool_down(&self) {
        *self.failed_at() = Some(FreezeProofInstant::now());
    }

    fn failed_at(&self) -> std::sync::MutexGuard<'_, Option<FreezeProofInstant>> {
        self.failed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the server at the other end is a replica that shows the transaction of `after`, for which this
/// waits a moment.
///
/// `is_remembered` says that all that goes over a connection reaches the same server.
pub(super) async fn is_fit(
    lease: &mut Lease,
    after: Option<ConsistencyToken>,
    is_remembered: bool,
) -> Result<bool, sqlx::Error> {
    let was_fit = lease
        .fit_at()
        .is_some_and(|at| at.elapsed() < FITNESS_LASTS);
    if after.is_none() && is_remembered && was_fit {
        return Ok(true);
    }
    let mut pauses = PAUSES_MILLISECONDS.into_iter();
    loop {
        let (follows, is_visible) = check(lease, after).await?;
        if follows {
            lease.mark_fit();
        }
        if !follows || is_visible {
            return Ok(follows);
        }
        let Some(pause) = pauses.next() else {
            return Ok(false);
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

async fn check(
    connection: &mut PgConnection,
    after: Option<ConsistencyToken>,
) -> Result<(bool, bool), sqlx::Error> {
    sqlx::query_as(CHECK)
        .bind(after.map(|token| token.transaction().to_string()))
        .fetch_one(connection)
        .await
}
