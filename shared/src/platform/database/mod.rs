//! Connections of one execution environment, lent for one statement or one transaction at a time.
//!
//! The pool is built for Lambda: nothing runs in the background (a frozen environment runs no
//! timers), a connection that was used a moment ago is not pinged, one that slept is, and one whose
//! work was cut off is thrown away.

mod connect;
mod connector;
mod credentials;
mod iam_user;
mod lease;
mod manager;
mod session;
mod sqlstate;
mod transaction;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use deadpool::{Runtime, managed::Timeouts};
use sqlx::{PgConnection, postgres::PgConnectOptions};

/// One connection, for code that does not know the driver.
pub type Connection = PgConnection;

pub(super) use self::credentials::{credentials, options};
pub use self::{
    connect::{APPLICATION_PREFIX, connect_options, parse_url},
    connector::{Credentials, RotatingSecret},
    credentials::{application_credentials, connect_for_migrations},
    lease::Lease,
    sqlstate::refusal,
    transaction::{Abort, OnAmbiguousCommit, Transaction, TransactionOutcome},
};
use self::{
    connector::Connector,
    manager::{ConnectionManager, Pool, PooledConnection},
};
use crate::platform::{
    actor::Actor,
    config::DatabaseConfig,
    deadline::Deadline,
    error::{Error, Reason, Unavailable, chain},
    metrics,
};

/// A server that does not answer a ping in this time is treated as gone: a new connection tells
/// more, sooner.
const PING_TIMEOUT: Duration = Duration::from_millis(500);

/// How often a transaction is begun that others get in the way of. A server that finds a deadlock
/// ends one transaction of it, so at each attempt somebody gets through.
const MAX_ATTEMPTS: u32 = 5;

/// The connections of this execution environment.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    statement_timeout: Option<Duration>,
    pooler: bool,
    schema: Option<&'static str>,
}

/// How many connections this environment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most connections that it may open.
    pub max: usize,
    /// Open connections.
    pub open: usize,
    /// Open connections that wait for work.
    pub idle: usize,
}

impl Database {
    /// Prepares the pool; connects to nothing yet. `credentials` is where they come from, if they may change.
    pub fn new(
        config: &DatabaseConfig,
        options: PgConnectOptions,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        let pool = Pool::builder(ConnectionManager::new(Connector::new(options, credentials)))
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
            schema: config.schema,
        })
    }

    /// Opens a first connection, so that the first request finds one.
    pub async fn warm_up(&self) -> Result<(), Unavailable> {
        Lease::acquire(&self.pool).await.map(Lease::give_back)
    }

    /// Runs a query that only reads. It gets a connection and gives it back with its outcome:
    /// `|mut lease| async move { (find(&mut lease).await, lease) }`.
    ///
    /// A read that meets a connection which broke while it was idle is tried once more on a new
    /// one, and so is one that others got in the way of: nothing can have been changed by it.
    pub async fn read<T, F>(
        &self,
        deadline: &Deadline,
        query: impl Fn(Lease) -> F + Sync,
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = (Result<T, sqlx::Error>, Lease)> + Send,
    {
        read_again(|| async {
            if self.session_timeout_suffices(deadline) {
                let (outcome, lease) = query(self.acquire().await?).await;
                lease.end(outcome, deadline)
            } else {
                self.read_in_transaction(deadline, Duration::MAX, &query)
                    .await
            }
        })
        .await
    }

    /// Runs a query that only reads and may be given up: the server stops each of its statements after
    /// `time`, and the answer is None then.
    pub async fn read_briefly<T, F>(
        &self,
        deadline: &Deadline,
        time: Duration,
        query: impl Fn(Lease) -> F + Sync,
    ) -> Result<Option<T>, Error>
    where
        T: Send,
        F: Future<Output = (Result<T, sqlx::Error>, Lease)> + Send,
    {
        match read_again(|| self.read_in_transaction(deadline, time, &query)).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::Timeout { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn read_in_transaction<T, F>(
        &self,
        deadline: &Deadline,
        longest: Duration,
        query: &(impl Fn(Lease) -> F + Sync),
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = (Result<T, sqlx::Error>, Lease)> + Send,
    {
        let lease = self.begin(deadline, longest).await?;
        let (mut outcome, mut lease) = query(lease).await;
        if self.pooler {
            outcome = session::close_statements(&mut lease, outcome).await;
        }
        let outcome = session::end(&mut lease, outcome, true).await;
        lease.end(outcome, deadline)
    }

    /// Runs work in one transaction, which is committed if the work succeeds and says so. If the
    /// work fails or is cut off, nothing of it stays. `work` gives the transaction back like the query of
    /// [`Self::read`] its lease.
    ///
    /// When it is certain that nothing was done, the work is begun anew: after a deadlock, when it
    /// asks for that itself, and on a new connection if the old one broke before the commit. If it
    /// broke during the commit, `in_doubt` decides.
    pub async fn transaction<T, F>(
        &self,
        deadline: &Deadline,
        actor: &Actor,
        in_doubt: OnAmbiguousCommit,
        work: impl Fn(Transaction) -> F + Sync,
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = (Result<TransactionOutcome<T>, Abort>, Transaction)> + Send,
    {
        let mut is_reconnected = false;
        for attempt in 1..=MAX_ATTEMPTS {
            let mut is_committing = false;
            let outcome = self
                .attempt(deadline, actor, &work, &mut is_committing)
                .await;
            match outcome {
                Ok(TransactionOutcome::Commit(value) | TransactionOutcome::RollBack(value)) => {
                    return Ok(value);
                }
                Ok(TransactionOutcome::TryAgain) => {}
                Err(Error::DatabaseUnavailable(cause)) => match cause.reason() {
                    // The server has answered that it took everything back.
                    Reason::Contention => {}
                    _ if is_committing => match in_doubt {
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
        Err(Error::DatabaseUnavailable(Unavailable::without_source(
            Reason::Contention,
        )))
    }

    /// `is_committing` says whether the server was asked to commit. Until then, a broken connection means
    /// that nothing was done.
    async fn attempt<T, F>(
        &self,
        deadline: &Deadline,
        actor: &Actor,
        work: &(impl Fn(Transaction) -> F + Sync),
        is_committing: &mut bool,
    ) -> Result<TransactionOutcome<T>, Error>
    where
        T: Send,
        F: Future<Output = (Result<TransactionOutcome<T>, Abort>, Transaction)> + Send,
    {
        let transaction = Transaction {
            lease: self.begin(deadline, Duration::MAX).await?,
            actor: actor.clone(),
        };
        let (outcome, transaction) = work(transaction).await;
        let mut outcome = match outcome {
            Ok(outcome) => Ok(Ok(outcome)),
            Err(Abort::Refuse(error)) => Ok(Err(error)),
            Err(Abort::Query(error)) => Err(error),
        };
        let mut lease = transaction.lease;
        if self.pooler {
            outcome = session::close_statements(&mut lease, outcome).await;
        }
        *is_committing = matches!(outcome, Ok(Ok(TransactionOutcome::Commit(_))));
        let outcome = session::end(&mut lease, outcome, *is_committing).await;
        lease.end(outcome, deadline)?
    }

    async fn begin(&self, deadline: &Deadline, longest: Duration) -> Result<Lease, Error> {
        let mut lease = self.acquire().await?;
        match session::begin(&mut lease, deadline, longest, self.schema).await {
            Ok(()) => Ok(lease),
            Err(error) => lease.end(Err(error), deadline),
        }
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
        PoolStatus {
            max: status.max_size,
            open: status.size,
            idle: status.available.min(status.size),
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
