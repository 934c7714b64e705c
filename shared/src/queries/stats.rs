//! The dashboard's numbers.

use sqlx::PgConnection;

use crate::{database::Query, users::UserStats};

/// The six numbers in one snapshot. Today starts at 00:00 UTC, the week is the last 7 x 24 hours.
pub struct CountUsers;

impl Query for CountUsers {
    type Output = UserStats;

    async fn run(&self, connection: &mut PgConnection) -> Result<UserStats, sqlx::Error> {
        sqlx::query_as(
            "SELECT
                 count(*) AS total_users,
                 count(*) FILTER (WHERE is_active) AS active_users,
                 count(*) FILTER (WHERE NOT is_active) AS inactive_users,
                 count(*) FILTER (WHERE is_superuser) AS superusers,
                 count(*) FILTER (
                     WHERE created_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
                 ) AS new_users_today,
                 count(*) FILTER (WHERE created_at >= now() - INTERVAL '168 hours') AS new_users_week,
                 now() AS timestamp
             FROM users",
        )
        .fetch_one(connection)
        .await
    }
}
