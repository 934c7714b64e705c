//! The server itself.

use serde::Serialize;
use sqlx::{Connection, Executor, FromRow, PgConnection};

use crate::platform::database::APPLICATION_PREFIX;

/// Writing this many takes tens of milliseconds.
const MANY_USERS: usize = 1_000;

/// Asks for a sign of life, in one round trip.
pub async fn ping(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.ping().await
}

/// Lets a transaction that writes many users sort all that they add to the indexes for searches at once. In the
/// 4 MB that a server gives by default it would do so in several goes, each of which writes the same lists anew. For
/// few users it is not worth the round trip.
pub async fn sort_index_entries_at_once(
    connection: &mut PgConnection,
    users: usize,
) -> Result<(), sqlx::Error> {
    if users >= MANY_USERS {
        connection.execute("SET LOCAL work_mem = '64MB'").await?;
    }
    Ok(())
}

/// What the server sees of all environments of all functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fleet {
    /// The most connections that the server takes from anybody.
    pub max_connections: i32,
    /// Connections of this deployment's functions, by function and state.
    pub connections: Vec<FleetConnections>,
}

/// Connections of one function that are in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FleetConnections {
    /// The function.
    pub function: String,
    /// PostgreSQL's word for what they do: `active`, `idle`, `idle in transaction` ...
    pub state: String,
    /// How many there are.
    pub count: i64,
}

#[derive(FromRow)]
struct FleetRow {
    max_connections: i32,
    #[sqlx(flatten)]
    connections: FleetConnections,
}

/// Asks the server for its connections to this database.
pub async fn list_fleet(connection: &mut PgConnection) -> Result<Fleet, sqlx::Error> {
    // The list has at least the connection that asks, so every row can carry the limit.
    let rows: Vec<FleetRow> = sqlx::query_as(
        "SELECT
             current_setting('max_connections')::integer AS max_connections,
             substr(application_name, length($1) + 1) AS function,
             coalesce(state, 'unknown') AS state,
             count(*) AS count
         FROM pg_stat_activity
         WHERE datname = current_database()
             AND starts_with(application_name, $1)
         GROUP BY 2, 3
         ORDER BY 2, 3",
    )
    .bind(APPLICATION_PREFIX)
    .fetch_all(connection)
    .await?;
    Ok(Fleet {
        max_connections: rows.first().map_or(0, |row| row.max_connections),
        connections: rows.into_iter().map(|row| row.connections).collect(),
    })
}
