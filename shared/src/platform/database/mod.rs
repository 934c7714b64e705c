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
mod read;
pub mod reader;
mod replica;
mod session;
mod sqlstate;
mod transaction;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

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
    manager::{ConnectionManager, Pool},
    replica::Replica,
};
use crate::platform::{
    actor::Actor,
    config::DatabaseConfig,
    deadline::Deadline,
    error::{Error, Reason, Unavailable},
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
    replica: Option<Arc<Replica>>,
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
        Ok(Self {
            pool: pool(config, config.acquire_timeout, options, credentials)?,
            replica: None,
            statement_timeout: config.statement_timeout,
            pooler: config.pooler,
            schema: config.schema,
        })
    }

    /// Prepares the pools of a function: the primary's, and the replica's if there is one.
    pub(super) fn start(
        config: &DatabaseConfig,
        base: PgConnectOptions,
        credentials: Option<Credentials>,
        function: &str,
    ) -> Result<Self, Error> {
        let replica = config.read_host.as_ref().map(|host| {
            let (name, port) = host;
            let options = base.clone().host(name);
            let options = match port {
                Some(port) => options.port(*port),
                None => options,
            };
            (
                options,
                credentials
                    .clone()
                    .map(|credentials| credentials.at_replica(host)),
            )
        });
        let options = connect_options(config, base, function);
        let database = Self::new(config, options, credentials)?;
        match replica {
            None => Ok(database),
            Some((base, secret)) => {
                database.with_replica(config, connect_options(config, base, function), secret)
            }
        }
    }

    /// The same with a replica, which a [`reader::Reader`] asks first.
    pub fn with_replica(
        mut self,
        config: &DatabaseConfig,
        options: PgConnectOptions,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        let timeout = config.acquire_timeout.min(replica::ACQUIRE_TIMEOUT);
        let pool = pool(config, timeout, options, credentials)?;
        self.replica = Some(Arc::new(Replica::new(pool)));
        Ok(self)
    }

    /// Opens a first connection, so that the first request finds one.
    pub async fn warm_up(&self) -> Result<(), Unavailable> {
        let replica = async {
            if let Some(replica) = &self.replica {
                replica.warm_up().await;
            }
        };
        let (primary, ()) = tokio::join!(Lease::acquire(&self.pool), replica);
        primary.map(Lease::give_back)
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
            lease: self.begin(&self.pool, deadline, Duration::MAX).await?,
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
        let outcome = if *is_committing && self.replica.is_some() {
            session::commit(&mut lease, outcome, &actor.written).await
        } else {
            session::end(&mut lease, outcome, *is_committing).await
        };
        lease.end(outcome, deadline)?
    }

    async fn begin(
        &self,
        pool: &Pool,
        deadline: &Deadline,
        longest: Duration,
    ) -> Result<Lease, Error> {
        let mut lease = Lease::acquire(pool)
            .await
            .map_err(Error::DatabaseUnavailable)?;
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
        let replica = self.replica.as_ref().map(|replica| replica.pool());
        for pool in std::iter::once(&self.pool).chain(replica) {
            let at_rest = pool.retain(|_, _| false).removed;
            pool.close();
            for connection in at_rest {
                connection.close().await;
            }
        }
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

fn pool(
    config: &DatabaseConfig,
    timeout: Duration,
    options: PgConnectOptions,
    credentials: Option<Credentials>,
) -> Result<Pool, Error> {
    Pool::builder(ConnectionManager::new(Connector::new(options, credentials)))
        .max_size(config.pool_size)
        .timeouts(Timeouts {
            wait: Some(timeout),
            create: Some(timeout),
            recycle: Some(PING_TIMEOUT),
        })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| Error::internal("building the pool", error))
}

/// How long to wait before another attempt. The clock's fractions differ between environments, which
/// is all the randomness that it takes not to meet again.
fn pause(attempt: u32) -> Duration {
    let fraction = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.subsec_micros() % 20);
    Duration::from_millis(u64::from(5 * attempt + fraction))
}
