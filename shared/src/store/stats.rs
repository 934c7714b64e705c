//! The dashboard's numbers.

use sqlx::PgConnection;

use crate::users::UserStats;

/// The six numbers in one snapshot, from the counts that the triggers of migration 0021 keep. Today
/// starts at 00:00 UTC, the week is the last 7 x 24 hours.
///
/// The week begins in the middle of a minute. Whole minutes up to the next hour, whole hours up to the
/// next day and whole days after it are counted already; what is left of the first minute is counted in
/// the index. Its limits are
/// written out there, so that the planner can tell how few rows they hold.
pub async fn count_users(connection: &mut PgConnection) -> Result<UserStats, sqlx::Error> {
    sqlx::query_as(
        "WITH edges AS (
             SELECT
                 now() AS now,
                 date_trunc('day', now(), 'UTC') AS today,
                 date_trunc('minute', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 minute'
                     AS week_minute,
                 date_trunc('hour', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 hour'
                     AS week_hour,
                 date_trunc('day', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 day'
                     AS week_day
         ),
         kept AS (
             SELECT
                 coalesce(sum(users), 0)::bigint AS users,
                 coalesce(sum(users) FILTER (WHERE is_active), 0)::bigint AS active_users,
                 coalesce(sum(users) FILTER (WHERE is_superuser), 0)::bigint AS superusers,
                 coalesce(sum(users) FILTER (WHERE created_at >= today), 0)::bigint AS today,
                 coalesce(sum(users) FILTER (WHERE created_at >= week_minute), 0)::bigint AS week
             FROM (
                 SELECT
                     '-infinity' AS created_at,
                     is_active,
                     is_superuser,
                     users
                 FROM user_count_totals
                 UNION ALL
                 SELECT
                     created_at,
                     is_active,
                     is_superuser,
                     users
                 FROM user_count_changes
             ) AS counts
             CROSS JOIN edges
         ),
         signups AS (
             SELECT
                 coalesce(sum(users) FILTER (WHERE start >= today), 0)::bigint AS today,
                 coalesce(sum(users), 0)::bigint AS week
             FROM edges
             CROSS JOIN LATERAL (
                 VALUES
                     ('minute', week_minute, week_hour - INTERVAL '1 minute'),
                     ('hour', week_hour, week_day - INTERVAL '1 hour'),
                     ('day', week_day, 'infinity')
             ) AS spans (unit, first, last)
             JOIN user_signups
                 ON user_signups.unit = spans.unit
                 AND start BETWEEN first AND last
         ),
         first_minute AS (
             SELECT count(*) AS week
             FROM users
             WHERE is_active IN (TRUE, FALSE)
                 AND is_superuser IN (TRUE, FALSE)
                 AND created_at >= now() - INTERVAL '168 hours'
                 AND created_at
                     < date_trunc('minute', now() - INTERVAL '168 hours', 'UTC') + INTERVAL '1 minute'
         )
         SELECT
             kept.users AS total_users,
             kept.active_users,
             kept.users - kept.active_users AS inactive_users,
             kept.superusers,
             kept.today + signups.today AS new_users_today,
             kept.week + signups.week + first_minute.week AS new_users_week,
             now AS timestamp
         FROM edges
         CROSS JOIN kept
         CROSS JOIN signups
         CROSS JOIN first_minute",
    )
    .fetch_one(connection)
    .await
}

/// Adds up the changes that writers have left; see migration 0021.
pub async fn compact_user_counts(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT compact_user_counts()")
        .execute(connection)
        .await?;
    Ok(())
}
