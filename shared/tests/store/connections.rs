use std::time::Duration;

use rig::TestDatabase;
use shared::platform::{
    config::{DatabaseConfig, Variables},
    database::{Database, OnAmbiguousCommit, Query, TransactionOutcome, parse_url},
    deadline::Deadline,
};
use sqlx::{PgConnection, PgPool};

const MINUTE: Duration = Duration::from_mins(1);

fn connections(database: &TestDatabase) -> Database {
    let variables = Variables::from([("DATABASE_URL", database.url())]);
    let config = DatabaseConfig::for_migrations(&variables).unwrap();
    let options = parse_url("DATABASE_URL", database.url()).unwrap();
    Database::new(&config, options, None).unwrap()
}

async fn end_session(pool: &PgPool, process: i32) {
    sqlx::query("SELECT pg_terminate_backend($1, 10000)")
        .bind(process)
        .execute(pool)
        .await
        .unwrap();
}

struct ProcessId;

impl Query for ProcessId {
    type Output = i32;

    async fn run(&self, connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
        sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(connection)
            .await
    }
}

#[tokio::test]
async fn a_short_read_whose_connection_broke_is_tried_again() {
    let database = TestDatabase::create_empty().await.unwrap();
    let connections = connections(&database);
    let deadline = Deadline::after(MINUTE);
    let first = connections.read(&deadline, &ProcessId).await.unwrap();
    end_session(database.pool(), first).await;
    let second = connections
        .read_briefly(&deadline, MINUTE, &ProcessId)
        .await;
    assert_ne!(second.unwrap(), Some(first));
}

/// Fails, and loses its connection before it can be rolled back.
struct FailAndLose(PgPool);

impl Query for FailAndLose {
    type Output = TransactionOutcome<()>;

    async fn run(
        &self,
        connection: &mut PgConnection,
    ) -> Result<TransactionOutcome<()>, sqlx::Error> {
        let process = ProcessId.run(connection).await?;
        let failure = sqlx::query("SELECT 1 / 0").execute(connection).await;
        end_session(&self.0, process).await;
        failure.map(|_| TransactionOutcome::Commit(()))
    }
}

#[tokio::test]
async fn a_connection_that_could_not_be_rolled_back_is_not_used_again() {
    let database = TestDatabase::create_empty().await.unwrap();
    let connections = connections(&database);
    let deadline = Deadline::after(MINUTE);
    let work = FailAndLose(database.pool().clone());
    let outcome = connections
        .transaction(&deadline, &work, OnAmbiguousCommit::Fail)
        .await;
    assert_eq!(outcome.unwrap_err().public().code, "database_unavailable");
    assert_eq!(connections.status().total_connections, 0);
}
