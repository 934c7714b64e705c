//! The database that functions are measured on.

use anyhow::Result;
use servers::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{durable, inhabitants};

/// Makes the database `bench`, with that many users, of whom the first is a superuser.
pub(super) async fn build(postgres: &Postgres, users: u32) -> Result<PgConnection> {
    let mut connection = PgConnection::connect(&postgres.url("postgres")).await?;
    connection.execute("CREATE DATABASE bench").await?;
    connection.close().await?;
    let mut connection = PgConnection::connect(&postgres.url("bench")).await?;
    shared::store::migrations::up(&mut connection).await?;
    inhabitants::add(&mut connection, users).await?;
    durable::settle(&mut connection).await?;
    Ok(connection)
}
