//! The database that functions are measured on.

use anyhow::Result;
use servers::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};

/// Makes the database `bench`, with that many users, of whom the first is a superuser.
pub(super) async fn build(postgres: &Postgres, users: i32) -> Result<PgConnection> {
    let mut connection = PgConnection::connect(&postgres.url("postgres")).await?;
    connection.execute("CREATE DATABASE bench").await?;
    connection.close().await?;
    let mut connection = PgConnection::connect(&postgres.url("bench")).await?;
    shared::migrations::up(&mut connection).await?;
    let users = format!(
        "INSERT INTO users (id, email, username, full_name, is_superuser)
         SELECT
             number,
             'old' || number || '@' || md5(number::text) || '.example.com',
             md5(number::text),
             'Someone Number ' || number,
             number = 1
         FROM generate_series(1, {users}) AS number"
    );
    connection.execute(users.as_str()).await?;
    connection
        .execute("SELECT setval(pg_get_serial_sequence('users', 'id'), 1000000)")
        .await?;
    connection.execute("VACUUM ANALYZE").await?;
    connection.execute("CHECKPOINT").await?;
    Ok(connection)
}
