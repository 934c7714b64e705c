//! New users by day.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::users::{DaySignups, Signups};

/// The last `days` days, today among them, with the number of users created on each, from the counts that
/// the triggers of migration 0021 keep. `days` is at least 1.
pub async fn count_signups(
    connection: &mut PgConnection,
    days: u16,
) -> Result<Signups, sqlx::Error> {
    let rows: Vec<(NaiveDate, i64, DateTime<Utc>)> = sqlx::query_as(
        "WITH changes AS (
             SELECT
                 date_trunc('day', created_at, 'UTC') AS day,
                 sum(users) AS users
             FROM user_count_changes
             GROUP BY 1
         )
         SELECT
             (day AT TIME ZONE 'UTC')::date,
             (coalesce(user_signups.users, 0) + coalesce(changes.users, 0))::bigint,
             now()
         FROM generate_series(
             date_trunc('day', now(), 'UTC') - ($1 - 1) * INTERVAL '24 hours',
             date_trunc('day', now(), 'UTC'),
             INTERVAL '24 hours'
         ) AS day
         LEFT JOIN user_signups
             ON unit = 'day'
             AND start = day
         LEFT JOIN changes USING (day)
         ORDER BY day",
    )
    .bind(i32::from(days))
    .fetch_all(connection)
    .await?;
    let timestamp = rows.last().map(|(_, _, now)| *now);
    Ok(Signups {
        timestamp: timestamp.ok_or(sqlx::Error::RowNotFound)?,
        days: rows
            .into_iter()
            .map(|(date, new_users, _)| DaySignups { date, new_users })
            .collect(),
    })
}
