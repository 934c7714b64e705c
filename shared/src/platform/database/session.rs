//! Begin and end of transactions.

use std::time::Duration;

use sqlx::{Executor, PgConnection};

/// Begins a transaction in which the server stops every statement after `statement_timeout`, and
/// which it takes back if nothing is said for `idle_timeout`: an environment that vanished between two
/// statements must not hold its locks until TCP notices.
///
/// All statements go in one message, one round trip. Nothing is compiled, as in sessions that we open
/// ourselves.
pub async fn begin(
    connection: &mut PgConnection,
    statement_timeout: Duration,
    idle_timeout: Duration,
) -> Result<(), sqlx::Error> {
    // A timeout of 0 would mean none at all.
    let milliseconds = |timeout: Duration| timeout.as_millis().max(1);
    let sql = format!(
        "BEGIN; \
         SET LOCAL statement_timeout = {}; \
         SET LOCAL idle_in_transaction_session_timeout = {}; \
         SET LOCAL jit = off",
        milliseconds(statement_timeout),
        milliseconds(idle_timeout)
    );
    connection.execute(sql.as_str()).await?;
    Ok(())
}

/// Commits.
pub async fn commit(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("COMMIT").await?;
    Ok(())
}

/// Rolls back.
pub async fn rollback(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("ROLLBACK").await?;
    Ok(())
}
