//! The dashboard's numbers.

use sqlx::PgConnection;

use crate::{database::Query, users::UserStats};

/// The six numbers in one snapshot, from the counts that the triggers of migration 0021 keep. Today
/// starts at 00:00 UTC, the week is the last 7 x 24 hours.
///
/// The week begins in the middle of a minute. Whole minutes up to the next hour and whole hours after
/// it are counted already; what is left of the first minute is counted in the index. Its limits are
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
                     date_trunc('minute', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 minute'
                         AS week_minute,
                     date_trunc('hour', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 hour'
                         AS week_hour
             ),
             changes AS (
                 SELECT
                     coalesce(sum(active_users), 0) AS active_users,
                     coalesce(sum(active_superusers), 0) AS active_superusers,
                     coalesce(sum(inactive_users), 0) AS inactive_users,
                     coalesce(sum(inactive_superusers), 0) AS inactive_superusers,
                     coalesce(
                         sum(active_users + active_superusers + inactive_users + inactive_superusers)
                             FILTER (WHERE minute >= today),
                         0
                     ) AS today,
                     coalesce(
                         sum(active_users + active_superusers + inactive_users + inactive_superusers)
                             FILTER (WHERE minute >= week_minute),
                         0
                     ) AS week
                 FROM edges
                 LEFT JOIN user_count_changes ON TRUE
             ),
             hours AS (
                 SELECT
                     coalesce(sum(users) FILTER (WHERE start >= today), 0)::bigint AS today,
                     coalesce(sum(users), 0)::bigint AS week
                 FROM edges
                 JOIN user_signups ON unit = 'hour' AND start >= week_hour
             ),
             minutes AS (
                 SELECT coalesce(sum(users), 0)::bigint AS week
                 FROM edges
                 JOIN user_signups
                     ON unit = 'minute' AND start >= week_minute AND start < week_hour
             ),
             first_minute AS (
                 SELECT count(*) AS week
                 FROM users
                 WHERE is_active IN (TRUE, FALSE)
                     AND is_superuser IN (TRUE, FALSE)
                     AND created_at >= now() - INTERVAL '168 hours'
                     AND created_at
                         < date_trunc('minute', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 minute'
             ),
             kept AS (
                 SELECT
                     totals.active_users + changes.active_users AS active_users,
                     totals.active_superusers + changes.active_superusers AS active_superusers,
                     totals.inactive_users + changes.inactive_users AS inactive_users,
                     totals.inactive_superusers + changes.inactive_superusers AS inactive_superusers
                 FROM user_count_totals AS totals
                 CROSS JOIN changes
             )
             SELECT
                 kept.active_users + kept.active_superusers + kept.inactive_users
                     + kept.inactive_superusers AS total_users,
                 kept.active_users + kept.active_superusers AS active_users,
                 kept.inactive_users + kept.inactive_superusers AS inactive_users,
                 kept.active_superusers + kept.inactive_superusers AS superusers,
                 changes.today + hours.today AS new_users_today,
                 changes.week + hours.week + minutes.week + first_minute.week AS new_users_week,
                 now AS timestamp
             FROM edges
             CROSS JOIN kept
             CROSS JOIN changes
             CROSS JOIN hours
             CROSS JOIN minutes
             CROSS JOIN first_minute",
        )
        .fetch_one(connection)
        .await
    }
}

/// Adds up the changes that writers have left; see migration 0021.
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
