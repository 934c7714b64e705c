//! A server of its own that keeps what it promises to keep, and databases on it.

use anyhow::{Context as _, Result};
use servers::{Postgres, PostgresOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::inhabitants;

/// Of a server whose commits wait for the disk. Checkpoints come between measurements, not in them: the
/// first change of a page after one costs more.
pub(super) fn options() -> PostgresOptions {
    PostgresOptions::temporary()
        .setting("fsync", "on")
        .setting("full_page_writes", "on")
        .setting("synchronous_commit", "on")
        .setting("shared_buffers", "512MB")
        .setting("checkpoint_timeout", "1h")
        .setting("max_wal_size", "8GB")
}

/// A server with such options.
pub(super) struct Server {
    postgres: Postgres,
}

impl Server {
    pub(super) fn start() -> Result<Self> {
        Ok(Self {
            postgres: Postgres::start(&options())?,
        })
    }

    pub(super) fn url(&self, database: &str) -> String {
        self.postgres.url(database)
    }

    pub(super) fn major(&self) -> u32 {
        self.postgres.major()
    }

    pub(super) async fn connect(&self, database: &str) -> Result<PgConnection> {
        PgConnection::connect(&self.url(database))
            .await
            .with_context(|| format!("cannot connect to the database {database}"))
    }

    /// Makes an empty database.
    pub(super) async fn create(&self, database: &str) -> Result<PgConnection> {
        self.copy("template1", database).await
    }

    /// Makes a database that is like another one, to which nobody is connected.
    pub(super) async fn copy(&self, template: &str, database: &str) -> Result<PgConnection> {
        let mut connection = self.connect("postgres").await?;
        let statement = format!("CREATE DATABASE {database} TEMPLATE {template}");
        connection.execute(statement.as_str()).await?;
        connection.close().await?;
        self.connect(database).await
    }

    /// Makes a database with our schema and users with the ids from 1 on.
    pub(super) async fn create_with_users(&self, database: &str, users: u32) -> Result<()> {
        let mut connection = self.create(database).await?;
        shared::store::migrations::up(&mut connection).await?;
        inhabitants::add(&mut connection, users).await?;
        settle(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

/// Leaves the server nothing to do in the background.
pub(super) async fn settle(connection: &mut PgConnection) -> Result<()> {
    connection.execute("VACUUM ANALYZE").await?;
    connection.execute("CHECKPOINT").await?;
    Ok(())
}

/// Fails unless the counts of users are what a recount gives.
pub(super) async fn check_counts(connection: &mut PgConnection) -> Result<()> {
    let drift: i64 =
        sqlx::query_scalar("SELECT coalesce(sum(abs(users)), 0)::bigint FROM user_counts_drift")
            .fetch_one(&mut *connection)
            .await?;
    let wrong: i64 = sqlx::query_scalar("SELECT count(*) FROM user_signups_drift")
        .fetch_one(connection)
        .await?;
    anyhow::ensure!(
        drift == 0 && wrong == 0,
        "the counts drifted by {drift} users and in {wrong} minutes, hours and days"
    );
    Ok(())
}

/// The middle one.
pub(super) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Of this machine.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
