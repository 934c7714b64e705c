use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rig::TestDatabase;
use shared::migrations;
use sqlx::{Connection, Executor, PgConnection};

/// A table as a FastAPI and SQLAlchemy application makes it.
const SEED: &str = "
    CREATE TABLE users (
        id serial PRIMARY KEY,
        email varchar(255) NOT NULL UNIQUE,
        username varchar(100) NOT NULL UNIQUE,
        full_name varchar(255),
        password_hash varchar(255),
        is_active boolean NOT NULL DEFAULT TRUE,
        is_superuser boolean NOT NULL DEFAULT FALSE,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    );
    INSERT INTO users (email, username, is_active, is_superuser, created_at)
    SELECT n || '@x.com', 'user' || n, n % 10 > 0, n % 1000 = 0, now() - n * INTERVAL '1 minute'
    FROM generate_series(1, 20000) AS n;";

#[tokio::test]
async fn a_table_is_adopted_while_somebody_writes_and_given_back_as_it_was() {
    let database = TestDatabase::create_empty().await.unwrap();
    database.pool().execute(SEED).await.unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write_until(Arc::clone(&is_done), database.url().to_owned()));

    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    migrations::up(&mut connection).await.unwrap();
    is_done.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();

    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(total, 20_000 + written);
    let drift: (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT plain_inactive, super_inactive, plain_active, super_active FROM user_counts_drift",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(drift, (0, 0, 0, 0));

    let applied = migrations::status(&mut connection).await.unwrap().len();
    migrations::down(&mut connection, applied).await.unwrap();
    let left: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text
         FROM pg_class
         WHERE relnamespace = 'public'::regnamespace
             AND relkind IN ('r', 'i', 'v', 'S')
         ORDER BY relname",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(
        left,
        [
            "_sqlx_migrations",
            "_sqlx_migrations_pkey",
            "users",
            "users_email_key",
            "users_id_seq",
            "users_pkey",
            "users_username_key",
        ]
    );
}

/// Inserts one user after the other, and returns how many.
async fn write_until(is_done: Arc<AtomicBool>, url: String) -> i64 {
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let mut written = 0;
    while !is_done.load(Ordering::Relaxed) {
        written += 1;
        let insert = format!(
            "INSERT INTO users (email, username) VALUES ('w{written}@x.com', 'w{written}')"
        );
        connection.execute(insert.as_str()).await.unwrap();
    }
    written
}
