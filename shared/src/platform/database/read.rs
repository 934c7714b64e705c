//! Reads: a query on a connection of its own, tried again where that is safe.

use std::time::Duration;

use super::{Database, lease::Lease, manager::Pool, session};
use crate::platform::{
    deadline::Deadline,
    error::{Error, Reason, chain},
    metrics,
};

impl Database {
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
        read_again(|| self.read_from(&self.pool, deadline, None, &query)).await
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
        let read = || self.read_from(&self.pool, deadline, Some(time), &query);
        match read_again(read).await {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::Timeout { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads once from one server, whose statements may take `longest`, or else until the deadline.
    pub(super) async fn read_from<T, F>(
        &self,
        pool: &Pool,
        deadline: &Deadline,
        longest: Option<Duration>,
        query: impl Fn(Lease) -> F + Sync,
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = (Result<T, sqlx::Error>, Lease)> + Send,
    {
        if longest.is_none() && self.session_timeout_suffices(deadline) {
            let lease = Lease::acquire(pool)
                .await
                .map_err(Error::DatabaseUnavailable)?;
            let (outcome, lease) = query(lease).await;
            return lease.end(outcome, deadline);
        }
        let lease = self
            .begin(pool, deadline, longest.unwrap_or(Duration::MAX))
            .await?;
        let (mut outcome, mut lease) = query(lease).await;
        if self.pooler {
            outcome = session::close_statements(&mut lease, outcome).await;
        }
        let outcome = session::end(&mut lease, outcome, true).await;
        lease.end(outcome, deadline)
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
