use std::time::Duration;

use rig::TestDatabase;
use shared::platform::{
    actor::{Actor, Written},
    config::{DatabaseConfig, Variables},
    database::{
        Abort, Database, Lease, OnAmbiguousCommit, Transaction, TransactionOutcome, parse_url,
    },
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

async fn process_id(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(connection)
        .await
}

async fn read_process_id(mut lease: Lease) -> (Result<i32, sqlx::Error>, Lease) {
    (process_id(&mut lease).await, lease)
}

#[tokio::test]
async fn a_short_read_whose_connection_broke_is_tried_again() {
    let database = TestDatabase::create_empty().await.unwrap();
    let connections = connections(&database);
    let deadline = Deadline::after(MINUTE);
    let first = connections.read(&deadline, read_process_id).await.unwrap();
    end_session(database.pool(), first).await;
    let second = connections
        .read_briefly(&deadline, MINUTE, read_process_id)
        .await;
    assert_ne!(second.unwrap(), Some(first));
}

/// Fails, and loses its connection before it can be rolled back.
async fn fail_and_lose(
    transaction: &mut Transaction,
    pool: &PgPool,
) -> Result<TransactionOutcome<()>, Abort> {
    let process = process_id(transaction).await?;
    let failure = sqlx::query("SELECT 1 / 0")
        .execute(&mut **transaction)
        .await;
    end_session(pool, process).await;
    failure?;
    Ok(TransactionOutcome::Commit(()))
}

#[tokio::test]
async fn a_connection_that_could_not_be_rolled_back_is_not_used_again() {
    let database = TestDatabase::create_empty().await.unwrap();
    let connections = connections(&database);
    let deadline = Deadline::after(MINUTE);
    let actor = Actor {
        id: 1.into(),
        request_id: "test".to_owned(),
        source_address: None,
        is_logged: true,
        written: Written::default(),
    };
    let pool = database.pool();
    let outcome = connections
        .transaction(
            &deadline,
            &actor,
            OnAmbiguousCommit::Fail,
            |mut tx| async move { (fail_and_lose(&mut tx, pool).await, tx) },
        )
        .await;
    assert_eq!(outcome.unwrap_err().public().code, "database_unavailable");
    assert_eq!(connections.status().open, 0);
}
