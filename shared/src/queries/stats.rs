//! The dashboard's numbers.

use sqlx::PgConnection;

use crate::{database::Query, users::UserStats};

/// The six numbers in one snapshot, from the counts that the triggers of migration 0010 keep. Today
/// starts at 00:00 UTC, the week is the last 7 x 24 hours.
///
/// The week begins in the middle of a minute. Whole hours and whole minutes after its edge are
/// counted already; what is left of the edge's own minute is counted in the index. Its limits are
/// written out there, so that the planner can tell how few rows they hold.
pub struct CountUsers;

impl Query for CountUsers {
    type Output = UserStats;

    async fn run(&self, connection: &mut PgConnection) -> Result<UserStats, sqlx::Error> {
        sqlx::query_as(
            "WITH edges AS (
                 SELECT
                     now() AS now,
                     date_trunc('day', now(), 'UTC') AS today,
                     now() - INTERVAL '168 hours' AS week,
                     date_trunc('hour', now() - INTERVAL '168 hours', 'UTC') AS week_hour
             ),
             slots AS (
                 SELECT
                     coalesce(sum(plain_inactive), 0)::bigint AS plain_inactive,
                     coalesce(sum(super_inactive), 0)::bigint AS super_inactive,
                     coalesce(sum(plain_active), 0)::bigint AS plain_active,
                     coalesce(sum(super_active), 0)::bigint AS super_active,
                     coalesce(sum(created) FILTER (WHERE minute >= today), 0)::bigint AS today,
                     coalesce(sum(created) FILTER (WHERE minute > week), 0)::bigint AS week
                 FROM edges
                 LEFT JOIN user_counts ON TRUE
             ),
             hours AS (
                 SELECT
                     coalesce(sum(created) FILTER (WHERE hour >= today), 0)::bigint AS today,
                     coalesce(sum(created) FILTER (WHERE hour > week_hour), 0)::bigint AS week
                 FROM edges
                 LEFT JOIN user_counts_by_hour ON hour > week_hour
             ),
             minutes AS (
                 SELECT coalesce(sum(by_minute.created), 0)::bigint AS week
                 FROM edges
                 JOIN user_counts_by_hour ON hour = week_hour
                 CROSS JOIN LATERAL unnest(
                     by_minute[extract(minute FROM week AT TIME ZONE 'UTC')::integer + 2:]
                 ) AS by_minute (created)
             ),
             edge_minute AS (
                 SELECT count(*) AS week
                 FROM users
                 WHERE is_active IN (TRUE, FALSE)
                     AND is_superuser IN (TRUE, FALSE)
                     AND created_at >= now() - INTERVAL '168 hours'
                     AND created_at
                         < date_trunc('minute', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 minute'
             )
             SELECT
                 plain_inactive + super_inactive + plain_active + super_active AS total_users,
                 plain_active + super_active AS active_users,
                 plain_inactive + super_inactive AS inactive_users,
                 super_inactive + super_active AS superusers,
                 slots.today + hours.today AS new_users_today,
                 slots.week + hours.week + minutes.week + edge_minute.week AS new_users_week,
                 now AS timestamp
             FROM edges
             CROSS JOIN slots
             CROSS JOIN hours
             CROSS JOIN minutes
             CROSS JOIN edge_minute",
        )
        .fetch_one(connection)
        .await
    }
}

/// Merges what transactions that found no free slot have left; see migration 0009.
pub struct CompactCounts;

impl Query for CompactCounts {
    type Output = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT compact_user_counts()")
            .execute(connection)
            .await?;
        Ok(())
    }
}
