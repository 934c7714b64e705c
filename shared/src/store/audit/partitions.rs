//! Months of the log: made in time, and dropped when they are old.

use serde::Serialize;
use sqlx::{Connection, FromRow, PgConnection, raw_sql};

use crate::platform::database::refusal;

/// How many months after this one have a partition, so that a clean-up may fail for weeks.
const MONTHS_AHEAD: i32 = 3;

/// What the name of a month's partition begins with.
const PREFIX: &str = "user_audit_";

/// SQLSTATE `lock_not_available`.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What was done to the months of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Maintained {
    /// Partitions that were made.
    pub created: u64,
    /// Partitions that were dropped.
    pub dropped: u64,
    /// Entries that were deleted because no partition held them.
    pub deleted: u64,
}

/// A month, as SQL writes it.
#[derive(FromRow)]
struct Month {
    partition: String,
    start: String,
    end: String,
}

/// Makes the partitions of this month and the next ones, and removes what is older than `days`, if there is a
/// limit. A month goes when all its entries are older; its seals keep their hashes.
///
/// A statement that does not get its lock within a second is left to the next clean-up: writers that
/// queue behind it would wait too. Only the owner of the log can do any of this; for others the answer is
/// `None`.
pub async fn maintain_partitions(
    connection: &mut PgConnection,
    days: Option<u16>,
) -> Result<Option<Maintained>, sqlx::Error> {
    if !is_owner(connection).await? {
        tracing::warn!("only the owner of user_audit can remove old entries");
        return Ok(None);
    }
    renumber_after_restore(connection).await?;
    let mut done = Maintained::default();
    for month in missing_months(connection).await? {
        let Month {
            partition,
            start,
            end,
        } = month;
        let create = format!(
            "CREATE TABLE {partition} PARTITION OF user_audit FOR VALUES FROM ('{start}') TO ('{end}')"
        );
        done.created += u64::from(run(connection, &create).await?);
    }
    let Some(days) = days else {
        return Ok(Some(done));
    };
    for partition in old_partitions(connection, days).await? {
        let month = partition.replace(PREFIX, "").replace('_', "-");
        let drop = format!(
            "DROP TABLE {partition};
             UPDATE user_audit_seals SET entry_ids = NULL, entry_hashes = NULL WHERE month = '{month}'"
        );
        done.dropped += u64::from(run(connection, &drop).await?);
    }
    done.deleted = delete_without_partition(connection, days).await?;
    Ok(Some(done))
}

/// Deletes what is in no partition of its own, as if it were.
async fn delete_without_partition(
    connection: &mut PgConnection,
    days: u16,
) -> Result<u64, sqlx::Error> {
    let deleted: i64 = sqlx::query_scalar(
        "WITH deleted AS (
             DELETE FROM user_audit_default
             WHERE occurred_at < date_trunc('month', now() - make_interval(days => $1), 'UTC')
             RETURNING to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month
         ),
         dropped AS (
             UPDATE user_audit_seals
             SET
                 entry_ids = NULL,
                 entry_hashes = NULL
             WHERE month IN (SELECT month FROM deleted)
         )
         SELECT count(*) FROM deleted",
    )
    .bind(i32::from(days))
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(deleted).unwrap_or_default())
}

async fn is_owner(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'user_audit'::regclass",
    )
    .fetch_one(connection)
    .await
}

/// A dump that was restored on another server has numbers of transactions that this server has not given yet.
/// They become negative, in the same order, so that what happens here comes after.
async fn renumber_after_restore(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH restored AS MATERIALIZED (
             SELECT
                 max(id) AS last_id,
                 max(transaction_id) AS last_transaction
             FROM user_audit
             WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
             HAVING count(*) > 0
         ),
         seals AS (
             UPDATE user_audit_seals
             SET
                 end_transaction = end_transaction - last_transaction,
                 shift = shift + last_transaction
             FROM restored
         )
         UPDATE user_audit
         SET transaction_id = transaction_id - last_transaction
         FROM restored
         WHERE user_audit.id <= restored.last_id",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The months that have neither a partition nor entries in the default one, which would be in its way.
async fn missing_months(connection: &mut PgConnection) -> Result<Vec<Month>, sqlx::Error> {
    sqlx::query_as(
        "SELECT
             to_char(start, '\"user_audit_\"YYYY_MM') AS partition,
             to_char(start, 'YYYY-MM-DD\"T00:00:00Z\"') AS start,
             to_char(start + INTERVAL '1 month', 'YYYY-MM-DD\"T00:00:00Z\"') AS end
         FROM generate_series(
             date_trunc('month', now() AT TIME ZONE 'UTC'),
             date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1),
             INTERVAL '1 month'
         ) AS start
         WHERE to_regclass(to_char(start, '\"user_audit_\"YYYY_MM')) IS NULL
             AND NOT EXISTS (
                 SELECT FROM user_audit_default
                 WHERE occurred_at >= start AT TIME ZONE 'UTC'
                     AND occurred_at < (start + INTERVAL '1 month') AT TIME ZONE 'UTC'
             )
         ORDER BY start",
    )
    .bind(MONTHS_AHEAD)
    .fetch_all(connection)
    .await
}

/// The partitions all of whose entries are older, by the month in their name.
async fn old_partitions(
    connection: &mut PgConnection,
    days: u16,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT inhrelid::regclass::text
         FROM pg_inherits
         JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = to_regclass('user_audit')
             AND relname ~ '^user_audit_[0-9]{4}_[0-9]{2}$'
             AND (to_date(substring(relname FROM 12), 'YYYY_MM') + INTERVAL '1 month') AT TIME ZONE 'UTC'
                 < now() - make_interval(days => $1)
         ORDER BY relname",
    )
    .bind(i32::from(days))
    .fetch_all(connection)
    .await
}

/// Whether the statement was run: it is not if its lock is not to be had, or if an entry has come in its way.
async fn run(connection: &mut PgConnection, statement: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let outcome = raw_sql(&format!("SET LOCAL lock_timeout = '1s'; {statement}"))
        .execute(&mut *transaction)
        .await;
    match outcome {
        Ok(_) => {
            transaction.commit().await?;
            Ok(true)
        }
        Err(error) if is_in_the_way(&error) => {
            transaction.rollback().await?;
            tracing::info!(statement, "left to the next clean-up");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn is_in_the_way(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some(LOCK_NOT_AVAILABLE) || refusal(error).is_some()
}
