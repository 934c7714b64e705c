//! Reads that a replica answers where there is one.

use std::time::Duration;

use super::{
    Database,
    lease::Lease,
    replica::{self, Replica},
};
use crate::platform::{
    consistency_token::ConsistencyToken,
    deadline::Deadline,
    error::{Error, Reason, chain},
    metrics,
};

/// The part of the time that is left which a replica gets, so that the primary can still answer.
const REPLICA_SHARE: u32 = 3;

/// Reads from the replica, if there is one that follows, and else from the primary.
///
/// Whatever happens to the replica costs the caller nothing but the time that it takes to find out.
#[derive(Clone)]
pub struct Reader {
    database: Database,
    after: Option<ConsistencyToken>,
}

impl Database {
    /// For reads that need not see every write at once, but the one of `after`.
    #[must_use]
    pub fn reader(&self, after: Option<ConsistencyToken>) -> Reader {
        Reader {
            database: self.clone(),
            after,
        }
    }
}

impl Reader {
    /// The same reads at the primary alone, which has every write.
    #[must_use]
    pub fn at_primary(&self) -> Self {
        let mut reader = self.clone();
        reader.database.replica = None;
        reader
    }

    /// Whether answers may be older than the last write.
    #[must_use]
    pub fn may_be_behind(&self) -> bool {
        self.database.replica.is_some()
    }

    /// Runs a query like [`Database::read`].
    pub async fn read<T, F>(
        &self,
        deadline: &Deadline,
        query: impl Fn(Lease) -> F + Sync,
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = (Result<T, sqlx::Error>, Lease)> + Send,
    {
        match self.ask_replica(deadline, None, &query).await {
            Some(outcome) => outcome,
            None => self.database.read(deadline, query).await,
        }
    }

    /// Runs a query like [`Database::read_briefly`].
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
        match self.ask_replica(deadline, Some(time), &query).await {
            Some(Err(Error::Timeout { .. })) => Ok(None),
            Some(outcome) => outcome.map(Some),
            None => self.database.read_briefly(deadline, time, query).await,
        }
    }

    /// The answer of the replica, or `None` if the primary has to be asked.
    async fn ask_replica<T, F>(
        &self,
        deadline: &Deadline,
        longest: Option<Duration>,
        query: &(impl Fn(Lease) -> F + Sync),
    ) -> Option<Result<T, Error>>
    where
        T: Send,
        F: Future<Output = (Result<T, sqlx::Error>, Lease)> + Send,
    {
        let replica = self.database.replica.as_ref()?;
        if !replica.is_available() {
            metrics::count(metrics::REPLICA_BYPASSED);
            return None;
        }
        let is_one_server = !self.database.pooler;
        let read = self
            .database
            .read_from(replica.pool(), deadline, longest, |mut lease| async {
                match replica::is_fit(&mut lease, self.after, is_one_server).await {
                    Ok(true) => {
                        let (outcome, lease) = query(lease).await;
                        (outcome.map(Some), lease)
                    }
                    Ok(false) => (Ok(None), lease),
                    Err(error) => (Err(error), lease),
                }
            });
        // A replica that vanished says nothing.
        let outcome = tokio::time::timeout(deadline.remaining() / REPLICA_SHARE, read).await;
        let answer = match outcome {
            Ok(Ok(answer)) => answer.map(Ok),
            Ok(Err(error @ Error::Timeout { .. })) => Some(Err(error)),
            Ok(Err(error)) => {
                give_up(replica, &error);
                None
            }
            Err(_) => {
                tracing::warn!("the replica does not answer: asking the primary");
                replica.cool_down();
                None
            }
        };
        if answer.is_none() {
            metrics::count(metrics::REPLICA_BYPASSED);
        }
        answer
    }
}

/// A replica cancels reads that are in the way of what it replays (SQLSTATE 40001), which the next read need
/// not meet.
fn give_up(replica: &Replica, error: &Error) {
    tracing::warn!(
        error = chain(error),
        "asking the primary instead of the replica"
    );
    let is_conflict = matches!(
        error,
        Error::DatabaseUnavailable(cause) if cause.reason() == Reason::Contention
    );
    if !is_conflict {
        replica.cool_down();
    }
}
