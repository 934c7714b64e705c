//! What migrations need beside their own SQL.

use std::time::Duration;

use sqlx::{PgConnection, raw_sql};

/// An arbitrary number that no other application is likely to lock.
const MIGRATION_LOCK: i64 = 0x726f_6c6c_6361_6c6c;

/// Takes the lock that lets one migrator run at a time, if it is free.
pub async fn try_lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(MIGRATION_LOCK)
        .fetch_one(connection)
        .await
}

/// Gives the lock back.
pub async fn unlock(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_unlock($1)")
        .bind(MIGRATION_LOCK)
        .execute(connection)
        .await?;
    Ok(())
}

/// Makes a schema, where there is none of the name.
pub async fn create(connection: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    // The name is a constant.
    raw_sql(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether there is a list of applied migrations. To make one where there is one asks for rights that a
/// user who only reads it need not have.
pub async fn has_list_of_migrations(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // An application may keep a list of its own in the next schema of the search_path.
    sqlx::query_scalar(
        "SELECT to_regclass(quote_ident(current_schema()) || '._sqlx_migrations') IS NOT NULL",
    )
    .fetch_one(connection)
    .await
}

/// How often the server looks whether we are still there while a statement runs.
const CLIENT_CHECK: &str = "5s";

/// Makes the server stop every statement of this session that takes longer, or whose client has gone.
pub async fn limit_statements(
    connection: &mut PgConnection,
    timeout: Duration,
) -> Result<(), sqlx::Error> {
    // A timeout of 0 would mean none at all.
    let milliseconds = timeout.as_millis().max(1);
    raw_sql(&format!(
        "SET statement_timeout = {milliseconds};
         SET client_connection_check_interval = '{CLIENT_CHECK}'"
    ))
    .execute(connection)
    .await?;
    Ok(())
}
