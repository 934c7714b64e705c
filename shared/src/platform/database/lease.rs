//! A connection on loan.

use std::{
    ops::{Deref, DerefMut},
    time::Instant,
};

use deadpool::managed::{Object, PoolError, TimeoutType};
use scopeguard::ScopeGuard;
use sqlx::PgConnection;

use super::{
    manager::{ConnectionManager, Pool},
    sqlstate::{self, Meaning},
};
use crate::platform::{
    deadline::Deadline,
    error::{Error, Reason, Unavailable},
    freeze_proof_instant::FreezeProofInstant,
    metrics,
};

type Connection = Object<ConnectionManager>;

/// A connection that goes back to the pool only when it is known to be at rest.
///
/// A handler that is dropped in the middle of a statement drops its lease too. The connection is
/// then closed, because the answer to that statement would otherwise meet the next request.
pub struct Lease(ScopeGuard<Connection, fn(Connection)>);

impl Lease {
    pub(super) async fn acquire(pool: &Pool) -> Result<Self, Unavailable> {
        let started = Instant::now();
        let connection = pool.get().await.map_err(unavailable);
        metrics::time(metrics::CONNECTION_WAIT, started.elapsed());
        if connection.is_err() {
            metrics::count(metrics::CONNECTION_TIMEOUTS);
        }
        let close: fn(Connection) = |connection| drop(Object::take(connection));
        Ok(Self(scopeguard::guard(connection?, close)))
    }

    /// Gives the connection back, or closes it where `outcome` leaves its state unknown, and turns a
    /// failure into ours.
    pub(super) fn end<T>(
        self,
        outcome: Result<T, sqlx::Error>,
        deadline: &Deadline,
    ) -> Result<T, Error> {
        match &outcome {
            Err(error) if is_broken(error) => {
                if let Some(pool) = Object::pool(&self.0) {
                    pool.manager().invalidate_older_than(&self.0);
                }
            }
            Err(error) if !leaves_connection_at_rest(error) => {}
            _ => self.give_back(),
        }
        outcome.map_err(|error| public_error(error, deadline))
    }

    /// When the server was last known to be a replica that follows.
    pub(super) fn fit_at(&self) -> Option<FreezeProofInstant> {
        self.0.fit_at
    }

    pub(super) fn mark_fit(&mut self) {
        self.0.fit_at = Some(FreezeProofInstant::now());
    }

    pub(super) fn give_back(self) {
        ScopeGuard::into_inner(self.0).mark_used();
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0.connection
    }
}

/// Whether other connections of the same age have probably become useless too.
fn is_broken(error: &sqlx::Error) -> bool {
    matches!(
        sqlstate::unavailable_reason(error),
        Some(Reason::ConnectionLost | Reason::ReadOnly)
    )
}

/// Whether the server has answered to the end, so that the connection can take another statement.
fn leaves_connection_at_rest(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => {
            matches!(
                sqlstate::unavailable_reason(error),
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
        _ => match sqlstate::unavailable_reason(&error) {
            Some(reason) => Error::DatabaseUnavailable(Unavailable::new(reason, error)),
            None => Error::internal("querying the database", error),
        },
    }
}

fn unavailable(error: PoolError<sqlx::Error>) -> Unavailable {
    Unavailable::without_source(match error {
        PoolError::Backend(error) => return sqlstate::unavailable(error),
        PoolError::Timeout(TimeoutType::Wait) => Reason::PoolExhausted,
        PoolError::Closed => Reason::ShuttingDown,
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)
        | PoolError::NoRuntimeSpecified
        | PoolError::PostCreateHook(_) => Reason::Timeout,
    })
}
