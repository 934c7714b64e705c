//! The server and the dataset that measurements begin with, and new rows for imports.

use anyhow::{Context as _, Result, ensure};
use servers::{Postgres, PostgresOptions};
use shared::platform::config::UsersTable;
use shared::store::bulk::ImportRow;
use shared::store::migrations;
use sqlx::{Connection as _, Executor as _, PgConnection};

/// Makes the function `pg_temp.generated_users(first, last, span, provider)`.
pub const GENERATOR: &str = include_str!("../users.sql");

/// A server whose commits wait for the disk. Checkpoints come between measurements, not in them: the
/// first change of a page after a checkpoint costs more.
pub fn durable_server() -> Result<Postgres> {
    let options = PostgresOptions::temporary()
        .setting("fsync", "on")
        .setting("full_page_writes", "on")
        .setting("synchronous_commit", "on")
        .setting("shared_buffers", "512MB")
        .setting("checkpoint_timeout", "1h")
        .setting("max_wal_size", "8GB");
    Postgres::start(&options)
}

pub async fn connect(postgres: &Postgres, database: &str) -> Result<PgConnection> {
    let connection = PgConnection::connect(&postgres.url(database)).await;
    connection.with_context(|| format!("cannot connect to the database {database}"))
}

/// Creates a database as a copy of another one, to which nobody may be connected.
pub async fn create(postgres: &Postgres, database: &str, template: &str) -> Result<PgConnection> {
    let mut server = connect(postgres, "postgres").await?;
    let statement = format!("CREATE DATABASE {database} TEMPLATE {template}");
    server.execute(statement.as_str()).await?;
    server.close().await?;
    connect(postgres, database).await
}

/// Creates a database with the newest schema and this many users. The first one is a superuser.
pub async fn dataset(postgres: &Postgres, database: &str, users: u32) -> Result<PgConnection> {
    let mut connection = create(postgres, database, "template1").await?;
    migrations::up(&mut connection, &UsersTable::Unspecified).await?;
    connection.execute(GENERATOR).await?;
    let insert = sqlx::query(
        "INSERT INTO users
             (email, username, full_name, password_hash, is_active, is_superuser, created_at)
         SELECT * FROM pg_temp.generated_users(1, $1, INTERVAL '9 years', 'gmail.com')",
    );
    insert
        .bind(i64::from(users))
        .execute(&mut connection)
        .await?;
    let superuser = "UPDATE users SET is_active = TRUE, is_superuser = TRUE WHERE id = 1";
    connection.execute(superuser).await?;
    settle(&mut connection).await?;
    Ok(connection)
}

/// Leaves the server nothing to do in the background.
pub async fn settle(connection: &mut PgConnection) -> Result<()> {
    connection.execute("VACUUM ANALYZE").await?;
    connection.execute("CHECKPOINT").await?;
    Ok(())
}

/// Fails unless the counts of users are those of a recount.
pub async fn check_counts(connection: &mut PgConnection) -> Result<()> {
    let drift = sqlx::query_as(
        "SELECT
             (SELECT coalesce(sum(abs(users)), 0)::bigint FROM user_counts_drift),
             (SELECT count(*) FROM user_signups_drift)",
    );
    let (users, signups): (i64, i64) = drift.fetch_one(connection).await?;
    ensure!(
        users == 0 && signups == 0,
        "the counts drifted: {users} users, {signups} periods"
    );
    Ok(())
}

/// Users that the dataset does not have, as rows of an import.
pub struct NewRows {
    connection: PgConnection,
    last: i64,
}

impl NewRows {
    /// Begins after the last user of the dataset.
    pub async fn after(postgres: &Postgres, users: u32) -> Result<Self> {
        let mut connection = connect(postgres, "postgres").await?;
        connection.execute(GENERATOR).await?;
        Ok(Self {
            connection,
            last: i64::from(users),
        })
    }

    pub async fn next(&mut self, count: u32) -> Result<Vec<ImportRow>> {
        let first = self.last + 1;
        self.last += i64::from(count);
        let rows: Vec<(String, String, Option<String>, Option<String>)> = sqlx::query_as(
            "SELECT email, username, full_name, password_hash
             FROM pg_temp.generated_users($1, $2, INTERVAL '0', 'gmail.com')",
        )
        .bind(first)
        .bind(self.last)
        .fetch_all(&mut self.connection)
        .await?;
        let rows = rows
            .into_iter()
            .map(|(email, username, full_name, password_hash)| ImportRow {
                email,
                username: Some(username),
                full_name,
                password_hash,
                is_active: Some(true),
                is_superuser: Some(false),
                created_at: None,
                id: None,
                extra: serde_json::Map::new(),
            });
        Ok(rows.collect())
    }
}

/// What every measurement has in common, for the line above its table.
pub fn conditions(postgres: &Postgres) -> String {
    let build = if cfg!(debug_assertions) {
        "Debug"
    } else {
        "Release"
    };
    format!(
        "{build} build, PostgreSQL {} on the same {} cores",
        postgres.major(),
        cores()
    )
}

/// The number of cores of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_users_come_whether_in_one_run_or_in_two_and_the_table_takes_all() {
        let database = rig::TestDatabase::create().await.unwrap();
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute(GENERATOR).await.unwrap();
        for (first, last) in [(1, 1_500), (1_501, 20_000)] {
            let insert = format!(
                "INSERT INTO users (email, username) SELECT email, username
                 FROM pg_temp.generated_users({first}, {last}, INTERVAL '1 year', 'post.example')"
            );
            connection.execute(insert.as_str()).await.unwrap();
        }
        let others = sqlx::query_scalar(
            "SELECT count(*) FROM users FULL JOIN
                 pg_temp.generated_users(1, 20000, INTERVAL '1 year', 'post.example') AS one_run
                 USING (username)
             WHERE users.id IS NULL OR one_run.email IS NULL",
        );
        let others: i64 = others.fetch_one(&mut connection).await.unwrap();
        assert_eq!(others, 0);
    }
}
