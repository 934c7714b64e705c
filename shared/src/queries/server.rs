//! The server itself.

use sqlx::{Connection, PgConnection};

use crate::database::Query;

/// A sign of life, in one round trip.
pub struct Ping;

impl Query for Ping {
    type Output = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        connection.ping().await
    }
}
