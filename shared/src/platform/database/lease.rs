//! A connection on loan.

use super::{
    Pool, Query,
    manager::{ConnectionManager, PooledConnection},
    sqlstate::{self, Meaning},
    unavailable::{Reason, Unavailable},
};
use crate::platform::{deadline::Deadline, error::Error, metrics};
use std::time::Instant;

use deadpool::managed::Object;

/// A connection that goes back to the pool only when it is known to be at rest.
///
/// A handler that is dropped in the middle of a statement drops its lease too. The connection is
/// then closed, because the answer to that statement would otherwise meet the next request.
pub(super) struct Lease {
    object: Option<Object<ConnectionManager>>,
}

impl Lease {
    pub(super) async fn acquire(pool: &Pool) -> Result<Self, Unavailable> {
        let started = Instant::now();
        let object = pool.get().await.map_err(Unavailable::from);
        metrics::time(metrics::CONNECTION_WAIT, started.elapsed());
        if matches!(&object, Err(cause) if cause.reason() == Reason::PoolExhausted) {
            metrics::count(metrics::CONNECTION_TIMEOUTS);
        }
        let object = object?;
        Ok(Self {
            object: Some(object),
        })
    }

    /// Runs a query and turns its failure into ours.
    pub(super) async fn run<Q: Query>(
        mut self,
        deadline: &Deadline,
        query: &Q,
    ) -> Result<Q::Output, Error> {
        let Some(object) = self.object.as_mut() else {
            return Err(Error::internal(
                "lending a connection",
                "it was given back before",
            ));
        };
        let outcome = query.run(&mut object.connection).await;
        if outcome
            .as_ref()
            .map_or_else(leaves_connection_at_rest, |_| true)
        {
            self.give_back();
        } else if outcome.as_ref().is_err_and(is_broken)
            && let Some(pool) = Object::pool(object)
        {
            pool.manager().invalidate_older_than(object);
        }
        outcome.map_err(|error| public_error(error, deadline))
    }

    pub(super) fn give_back(mut self) {
        if let Some(mut object) = self.object.take() {
            object.mark_used();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            let broken: PooledConnection = Object::take(object);
            drop(broken);
        }
    }
}

/// Whether other connections of the same age have probably become useless too.
fn is_broken(error: &sqlx::Error) -> bool {
    matches!(
        Unavailable::classify(error),
        Some(Reason::ConnectionLost | Reason::ReadOnly)
    )
}

/// Whether the server has answered to the end, so that the connection can take another statement.
fn leaves_connection_at_rest(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => {
            matches!(
                Unavailable::classify(error),
                None | Some(Reason::Contention)
            )
        }
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_) => true,
        _ => false,
    }
}

fn public_error(error: sqlx::Error, deadline: &Deadline) -> Error {
    match sqlstate::server_error(&error).map(sqlstate::meaning) {
        Some(Meaning::Canceled) => Error::Timeout {
            seconds: deadline.budget_in_seconds(),
        },
        Some(Meaning::Refused(refusal)) => Error::RefusedByTable(refusal),
        _ => match Unavailable::classify(&error) {
            Some(reason) => Error::DatabaseUnavailable(Unavailable::new(reason, error)),
            None => Error::internal("querying the database", error),
        },
    }
}
