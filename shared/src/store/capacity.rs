//! How many connections the server lets in.

use sqlx::PgConnection;

/// The server's own limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Capacity {
    /// `max_connections`.
    pub max_connections: i32,
    /// How many of them ordinary users never get: the server's own reserves and those of RDS.
    pub reserved: i32,
}

/// Asks for the server's limits.
pub async fn find_capacity(connection: &mut PgConnection) -> Result<Capacity, sqlx::Error> {
    // The settings with `true` exist on newer servers, or on RDS, only.
    sqlx::query_as(
        "SELECT
             current_setting('max_connections')::integer AS max_connections,
             current_setting('superuser_reserved_connections')::integer
                 + coalesce(nullif(current_setting('reserved_connections', true), '')::integer, 0)
                 + coalesce(nullif(current_setting(
                       'rds.rds_superuser_reserved_connections', true), '')::integer, 0)
                 AS reserved",
    )
    .fetch_one(connection)
    .await
}
