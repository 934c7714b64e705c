//! Queries in a transaction.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use sqlx::{Connection, PgConnection};

use super::{Query, session};
use crate::platform::deadline::Deadline;

/// Kept back of the time that is left, so that the server's own answer to a statement that it
/// stopped arrives before the handler's deadline.
const STATEMENT_MARGIN: Duration = Duration::from_millis(100);

/// A query in a transaction of its own, whose statements the server stops shortly before the
/// deadline.
pub(super) struct InTransaction<'a, Q: Query> {
    query: &'a Q,
    deadline: &'a Deadline,
    longest: Duration,
    should_commit: fn(&Q::Output) -> bool,
    is_session_shared: bool,
    is_committing: AtomicBool,
}

impl<'a, Q: Query> InTransaction<'a, Q> {
    /// `should_commit` decides from the answer whether to commit.
    pub(super) fn new(
        query: &'a Q,
        deadline: &'a Deadline,
        should_commit: fn(&Q::Output) -> bool,
    ) -> Self {
        Self {
            query,
            deadline,
            longest: Duration::MAX,
            should_commit,
            is_session_shared: false,
            is_committing: AtomicBool::new(false),
        }
    }

    /// Has the server stop a statement after `time` already.
    pub(super) fn no_longer_than(self, time: Duration) -> Self {
        Self {
            longest: time,
            ..self
        }
    }

    /// Leaves no prepared statement in a session that a pooler gives to others afterwards: their
    /// statements have the same names. (The driver names statements even without a cache, and then
    /// never closes them.)
    pub(super) fn in_shared_session(self, is_session_shared: bool) -> Self {
        Self {
            is_session_shared,
            ..self
        }
    }

    /// Whether the server was asked to commit. Until then, a broken connection means that nothing was
    /// done.
    pub(super) fn is_committing(&self) -> bool {
        self.is_committing.load(Ordering::Relaxed)
    }
}

impl<Q: Query> Query for InTransaction<'_, Q> {
    type Output = Q::Output;

    async fn run(&self, connection: &mut PgConnection) -> Result<Q::Output, sqlx::Error> {
        let left = self.deadline.remaining();
        let timeout = left.saturating_sub(STATEMENT_MARGIN.min(left / 4));
        session::begin(connection, timeout.min(self.longest), timeout).await?;
        let outcome = self.query.run(connection).await;
        if self.is_session_shared {
            let closed = connection.clear_cached_statements().await;
            // The first error tells more than the one that followed from it.
            if outcome.is_ok() {
                closed?;
            }
        }
        if outcome.as_ref().is_ok_and(self.should_commit) {
            self.is_committing.store(true, Ordering::Relaxed);
            session::commit(connection).await?;
        } else {
            // Where this fails, nobody must use the connection again, whatever came before.
            session::rollback(connection).await?;
        }
        outcome
    }
}
