//! Begin and end of transactions.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, Row as _};

use super::connect::search_path;
use crate::platform::{actor::Written, consistency_token::ConsistencyToken, deadline::Deadline};

/// Kept back of the time that is left, so that the server's own answer to a statement that it
/// stopped arrives before the handler's deadline.
const STATEMENT_MARGIN: Duration = Duration::from_millis(100);

/// Begins a transaction in which the server stops every statement shortly before the deadline, or after
/// `longest` if that is sooner. It takes the transaction back if nothing is said until then: an
/// environment that vanished between two statements must not hold its locks until TCP notices.
///
/// All statements go in one message, one round trip. Nothing is compiled, as in sessions that we open
/// ourselves.
pub(super) async fn begin(
    connection: &mut PgConnection,
    deadline: &Deadline,
    longest: Duration,
    schema: Option<&str>,
) -> Result<(), sqlx::Error> {
    let left = deadline.remaining();
    let idle_timeout = left.saturating_sub(STATEMENT_MARGIN.min(left / 4));
    let statement_timeout = idle_timeout.min(longest);
    // A timeout of 0 would mean none at all.
    let milliseconds = |timeout: Duration| timeout.as_millis().max(1);
    let mut sql = format!(
        "BEGIN; \
         SET LOCAL statement_timeout = {}; \
         SET LOCAL idle_in_transaction_session_timeout = {}; \
         SET LOCAL jit = off",
        milliseconds(statement_timeout),
        milliseconds(idle_timeout)
    );
    if let Some(schema) = schema {
        sql.push_str("; SET LOCAL search_path = ");
        sql.push_str(&search_path(schema));
    }
    connection.execute(sql.as_str()).await?;
    Ok(())
}

/// Leaves no prepared statement in a session that a pooler gives to others afterwards: theirs have the
/// same names. (The driver names statements even without a cache, and then never closes them.)
pub(super) async fn close_statements<T>(
    connection: &mut PgConnection,
    outcome: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    let closed = connection.clear_cached_statements().await;
    // The first error tells more than the one that followed from it.
    outcome.and_then(|value| closed.map(|()| value))
}

/// Commits a transaction if `outcome` is a success, and notes its number if it has written anything.
pub(super) async fn commit<T>(
    connection: &mut PgConnection,
    outcome: Result<T, sqlx::Error>,
    written: &Written,
) -> Result<T, sqlx::Error> {
    if outcome.is_err() {
        return end(connection, outcome, false).await;
    }
    // One message, one round trip. All rows are read, because the last answer is that of COMMIT.
    let rows = connection
        .fetch_all("SELECT pg_current_xact_id_if_assigned()::text; COMMIT")
        .await?;
    let id: Option<String> = rows
        .first()
        .map_or(Ok(None), |row| row.try_get_unchecked(0))?;
    if let Some(id) = id.and_then(|id| id.parse().ok()) {
        written.note(ConsistencyToken::of_transaction(id));
    }
    outcome
}

/// Commits a transaction if `outcome` is a success and `commits` agrees, else rolls it back.
pub(super) async fn end<T>(
    connection: &mut PgConnection,
    outcome: Result<T, sqlx::Error>,
    commits: bool,
) -> Result<T, sqlx::Error> {
    let statement = if commits && outcome.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    // Where this fails, nobody must use the connection again, whatever came before.
    connection.execute(statement).await?;
    outcome
}
