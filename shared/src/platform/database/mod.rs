//! Connections of one execution environment, lent for one statement or one transaction at a time.
//!
//! The pool is built for Lambda: nothing runs in the background (a frozen environment runs no
//! timers), a connection that was used a moment ago is not pinged, one that slept is, and one whose
//! work was cut off is thrown away.

mod connect;
mod connector;
mod lease;
mod manager;
mod session;
mod sqlstate;
mod transaction;
mod unavailable;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deadpool::{Runtime, managed::Timeouts};
use sqlx::{PgConnection, postgres::PgConnectOptions};

/// One connection, for code that does not know the driver.
pub type Connection = PgConnection;

pub use self::{
    connect::{connect_alone, connect_options, parse_url},
    connector::RotatingSecret,
    sqlstate::{Refusal, RefusalKind},
    unavailable::{Reason, Unavailable},
};
use self::{
    connector::Connector,
    lease::Lease,
    manager::{ConnectionManager, PooledConnection},
    transaction::InTransaction,
};
use crate::platform::{
    config::DatabaseConfig,
    deadline::Deadline,
    error::{Error, chain},
    metrics,
};

type Pool = deadpool::managed::Pool<ConnectionManager>;

/// What every connection's `application_name` begins with; the function's name follows.
pub const APPLICATION_PREFIX: &str = "rollcall-";

/// A server that does not answer a ping in this time is treated as gone: a new connection tells
/// more, sooner.
const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// How often a transaction is begun that others get in the way of. A server that finds a deadlock
/// ends one transaction of it, so at each attempt somebody gets through.
const MAX_ATTEMPTS: u32 = 5;

/// Something to be asked of the database on one connection.
pub trait Query: Sync {
    /// The answer.
    type Output: Send;

    /// Asks. The caller owns transaction and timeout.
    fn run(
        &self,
        connection: &mut PgConnection,
    ) -> impl Future<Output = Result<Self::Output, sqlx::Error>> + Send;
}

/// How work in a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionOutcome<T> {
    /// It stays.
    Commit(T),
    /// None of it stays.
    RollBack(T),
    /// None of it stays, and it should be begun anew, because others changed what it had found.
    TryAgain,
}

/// What to do with work of which nobody can tell whether it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAmbiguousCommit {
    /// Tell the caller.
    Fail,
    /// Do it again: it finds out by itself what was done before.
    TryAgain,
}

/// The connections of this execution environment.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    statement_timeout: Option<Duration>,
    pooler: bool,
}

/// How many connections this environment holds, in SQLAlchemy's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoolStatus {
    /// The most connections that are kept.
    pub pool_size: usize,
    /// Connections that wait for work.
    pub checked_in: usize,
    /// Connections at work.
    pub checked_out: usize,
    /// Connections beyond `pool_size`: always 0, this pool has no overflow.
    pub overflow: usize,
    /// All open connections.
    pub total_connections: usize,
}

impl Database {
    /// Prepares the pool; connects to nothing yet. `secret` is where the credentials came from, if
    /// they may change.
    pub fn new(
        config: &DatabaseConfig,
        options: PgConnectOptions,
        secret: Option<RotatingSecret>,
    ) -> Result<Self, Error> {
        let pool = Pool::builder(ConnectionManager::new(Connector::new(options, secret)))
            .max_size(config.pool_size)
            .timeouts(Timeouts {
                wait: Some(config.acquire_timeout),
                create: Some(config.acquire_timeout),
                recycle: Some(PING_TIMEOUT),
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::internal("building the pool", error))?;
        Ok(Self {
            pool,
            statement_timeout: config.statement_timeout,
            pooler: config.pooler,
        })
    }

    /// Opens a first connection, so that the first request finds one.
    pub async fn warm_up(&self) -> Result<(), Unavailable> {
        Lease::acquire(&self.pool).await.map(Lease::give_back)
    }

    /// Runs a query that only reads.
    ///
    /// A read that meets a connection which broke while it was idle is tried once more on a new
    /// one, and so is one that others got in the way of: nothing can have been changed by it.
    pub async fn read<Q: Query>(&self, deadline: &Deadline, query: &Q) -> Result<Q::Output, Error> {
        read_again(|| self.read_once(deadline, query)).await
    }

    /// Runs a query that only reads and may be given up: the server stops each of its statements after
    /// `time`, and the answer is None then.
    pub async fn read_briefly<Q: Query>(
        &self,
        deadline: &Deadline,
        time: Duration,
        query: &Q,
    ) -> Result<Option<Q::Output>, Error> {
        let outcome = read_again(|| async {
            let lease = self.acquire().await?;
            let transaction = InTransaction::new(query, deadline, |_| true)
                .in_shared_session(self.pooler)
                .no_longer_than(time);
            lease.run(deadline, &transaction).await
        })
        .await;
        match outcome {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::Timeout { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn read_once<Q: Query>(
        &self,
        deadline: &Deadline,
        query: &Q,
    ) -> Result<Q::Output, Error> {
        let lease = self.acquire().await?;
        if self.session_timeout_suffices(deadline) {
            lease.run(deadline, query).await
        } else {
            let transaction = InTransaction::new(query, deadline, |_| true);
            lease
                .run(deadline, &transaction.in_shared_session(self.pooler))
                .await
        }
    }

    /// Runs work in one transaction, which is committed if the work succeeds and says so. If the
    /// work fails or is cut off, nothing of it stays.
    ///
    /// When it is certain that nothing was done, the work is begun anew: after a deadlock, when it
    /// asks for that itself, and on a new connection if the old one broke before the commit. If it
    /// broke during the commit, `in_doubt` decides.
    pub async fn transaction<Q, T>(
        &self,
        deadline: &Deadline,
        work: &Q,
        in_doubt: OnAmbiguousCommit,
    ) -> Result<T, Error>
    where
        Q: Query<Output = TransactionOutcome<T>>,
        T: Send,
    {
        let should_commit =
            |ending: &TransactionOutcome<T>| matches!(ending, TransactionOutcome::Commit(_));
        let mut is_reconnected = false;
        for attempt in 1..=MAX_ATTEMPTS {
            let transaction =
                InTransaction::new(work, deadline, should_commit).in_shared_session(self.pooler);
            let outcome = self.acquire().await?.run(deadline, &transaction).await;
            match outcome {
                Ok(TransactionOutcome::Commit(value) | TransactionOutcome::RollBack(value)) => {
                    return Ok(value);
                }
                Ok(TransactionOutcome::TryAgain) => {}
                Err(Error::DatabaseUnavailable(cause)) => match cause.reason() {
                    // The server has answered that it took everything back.
                    Reason::Contention => {}
                    _ if transaction.is_committing() => match in_doubt {
                        OnAmbiguousCommit::TryAgain if !is_reconnected => {
                            is_reconnected = true;
                        }
                        OnAmbiguousCommit::TryAgain | OnAmbiguousCommit::Fail => {
                            return Err(Error::DatabaseUnavailable(cause.during_commit()));
                        }
                    },
                    Reason::ConnectionLost | Reason::ReadOnly if !is_reconnected => {
                        is_reconnected = true;
                    }
                    _ => return Err(Error::DatabaseUnavailable(cause)),
                },
                Err(error) => return Err(error),
            }
            tracing::warn!(attempt, "a transaction has to be tried again");
            metrics::count(metrics::RETRIES);
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(Error::DatabaseUnavailable(Unavailable::contention()))
    }

    /// Says goodbye to the server on every connection at rest, and opens no more.
    ///
    /// A server that notices a vanished client by itself may take until TCP gives up, and counts the
    /// session against its limit until then.
    pub async fn close(&self) {
        let at_rest = self.pool.retain(|_, _| false).removed;
        self.pool.close();
        let goodbyes = at_rest.into_iter().map(PooledConnection::close);
        for goodbye in goodbyes {
            goodbye.await;
        }
    }

    async fn acquire(&self) -> Result<Lease, Error> {
        Lease::acquire(&self.pool)
            .await
            .map_err(Error::DatabaseUnavailable)
    }

    /// Whether the timeout that the session was opened with ends a statement in time. A transaction
    /// with its own timeout costs two more round trips, so it is used only where it is needed:
    /// when an invocation has little time left, or when a pooler may have lent us a session that
    /// we did not open.
    fn session_timeout_suffices(&self, deadline: &Deadline) -> bool {
        !self.pooler
            && self
                .statement_timeout
                .is_some_and(|timeout| timeout < deadline.remaining())
    }

    /// How many connections this environment holds now.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        let checked_in = status.available.min(status.size);
        PoolStatus {
            pool_size: status.max_size,
            checked_in,
            checked_out: status.size - checked_in,
            overflow: 0,
            total_connections: status.size,
        }
    }
}

/// Reads once more where the connection broke or others were in the way.
async fn read_again<T, F>(read: impl Fn() -> F + Send) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>> + Send,
{
    let outcome = match read().await {
        Err(Error::DatabaseUnavailable(cause))
            if matches!(cause.reason(), Reason::ConnectionLost | Reason::Contention) =>
        {
            tracing::warn!(error = chain(&cause), "reading again");
            metrics::count(metrics::RETRIES);
            read().await
        }
        outcome => outcome,
    };
    // A table refuses nothing to those who read: what it did not take was ours.
    outcome.map_err(|error| match error {
        Error::RefusedByTable(refusal) => {
            Error::internal("querying the database", refusal.to_string())
        }
        error => error,
    })
}

/// How long to wait before another attempt. The clock's fractions differ between environments, which
/// is all the randomness that it takes not to meet again.
fn pause(attempt: u32) -> Duration {
    let fraction = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.subsec_micros() % 20);
    Duration::from_millis(u64::from(5 * attempt + fraction))
}
