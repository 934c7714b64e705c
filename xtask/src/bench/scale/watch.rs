//! What the server does meanwhile.

use anyhow::Result;
use sqlx::{Executor as _, PgConnection};

/// Has a session hand in what it counted; the server does so when the session has its answer.
pub(super) const HAND_IN: &str = "SELECT pg_stat_force_next_flush()";

/// A session beside the measured one.
pub(super) struct Watch {
    connection: PgConnection,
    database: String,
}

impl Watch {
    pub(super) fn over(connection: PgConnection, database: &str) -> Self {
        Self {
            connection,
            database: database.to_owned(),
        }
    }

    /// How many pages of 8 kB were touched in the database so far, in memory or not.
    pub(super) async fn pages(&mut self) -> Result<u64> {
        let pages: i64 = sqlx::query_scalar(
            "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = $1",
        )
        .bind(&self.database)
        .fetch_one(&mut self.connection)
        .await?;
        Ok(u64::try_from(pages)?)
    }

    pub(super) async fn drop_database(mut self) -> Result<()> {
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.database);
        self.connection.execute(statement.as_str()).await?;
        Ok(())
    }
}
