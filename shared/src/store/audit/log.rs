//! Reads the log, page by page.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::users::{SortOrder, UserId};

/// Which entries are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The user who did it.
    pub actor: Option<UserId>,
    /// The user to whom it was done.
    pub target: Option<UserId>,
    /// What was done.
    pub action: Option<String>,
    /// Whether it was refused.
    pub is_refused: Option<bool>,
    /// The request by which it was done.
    pub request_id: Option<String>,
    /// The transaction that wrote it.
    pub transaction_id: Option<i64>,
    /// When it was done, or later.
    pub from: Option<DateTime<Utc>>,
    /// Before that.
    pub to: Option<DateTime<Utc>>,
    /// Whether what was done to many has a row for each of them beside the entry.
    pub has_rows: bool,
}

/// The place of an entry in the order of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition {
    /// The transaction that wrote it.
    pub transaction_id: i64,
    /// The entry.
    pub id: i64,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct LogEntry {
    /// The key.
    pub id: i64,
    /// The transaction that wrote it.
    pub transaction_id: i64,
    /// When that began.
    pub occurred_at: DateTime<Utc>,
    /// What was done.
    pub action: String,
    /// The code of the error that refused it.
    pub refusal: Option<String>,
    /// `user`, or `operator` for somebody without a user.
    pub actor_kind: String,
    /// The user who did it.
    pub actor_id: Option<UserId>,
    /// What that user is called now.
    pub actor_username: Option<String>,
    /// The user to whom it was done.
    pub target_id: Option<UserId>,
    /// What that user is called now.
    pub target_username: Option<String>,
    /// Changed fields as they were.
    pub before: Option<Value>,
    /// Changed fields as they became, or what else there is to say.
    pub after: Option<Value>,
    /// Where the request came from.
    pub source_address: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// Whether it is one of many, of which another entry of the same transaction tells more.
    pub is_row: bool,
}

impl LogEntry {
    /// Its place.
    #[must_use]
    pub fn position(&self) -> LogPosition {
        LogPosition {
            transaction_id: self.transaction_id,
            id: self.id,
        }
    }
}

/// Finds up to `limit` entries beyond a position: newer ones in ascending order, or older ones in
/// descending order.
///
/// On the way to newer entries, those wait that a transaction in progress may still precede: nothing comes
/// later between two entries that were found.
pub async fn find(
    connection: &mut PgConnection,
    filter: &LogFilter,
    order: SortOrder,
    beyond: Option<LogPosition>,
    limit: u32,
) -> Result<Vec<LogEntry>, sqlx::Error> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT
             log.id,
             log.transaction_id,
             log.occurred_at,
             log.action,
             log.refusal,
             log.actor_kind,
             log.actor_id,
             actor.username::text AS actor_username,
             log.target_id,
             target.username::text AS target_username,
             log.before,
             log.after,
             host(log.source_address) AS source_address,
             log.request_id,
             log.is_row
         FROM (
             SELECT *
             FROM user_audit
             WHERE TRUE",
    );
    push_filter(&mut sql, filter);
    let (comparison, direction) = match order {
        SortOrder::Ascending => (">", "ASC"),
        SortOrder::Descending => ("<", "DESC"),
    };
    if let Some(LogPosition { transaction_id, id }) = beyond {
        sql.push(" AND (transaction_id, id) ")
            .push(comparison)
            .push(" (")
            .push_bind(transaction_id)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    if order == SortOrder::Ascending {
        sql.push(" AND transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint");
    }
    let by = format!(" ORDER BY transaction_id {direction}, id {direction}");
    sql.push(&by)
        .push(" LIMIT ")
        .push_bind(i64::from(limit))
        .push(
            ") AS log
             LEFT JOIN users AS actor ON actor.id = log.actor_id
             LEFT JOIN users AS target ON target.id = log.target_id",
        )
        .push(&by);
    sql.build_query_as().fetch_all(connection).await
}

/// Whether a position is one that no entry of this database server can have had: it is from before a dump of
/// it was restored on another one.
pub async fn is_from_another_server(
    connection: &mut PgConnection,
    position: LogPosition,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT $1 >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        .bind(position.transaction_id)
        .fetch_one(connection)
        .await
}

fn push_filter<'q>(sql: &mut QueryBuilder<'q, Postgres>, filter: &'q LogFilter) {
    let LogFilter {
        actor,
        target,
        action,
        is_refused,
        request_id,
        transaction_id,
        from,
        to,
        has_rows,
    } = filter;
    if let Some(actor) = actor {
        sql.push(" AND actor_id = ")
            .push_bind(actor)
            .push("::user_id");
    }
    if let Some(target) = target {
        sql.push(" AND target_id = ")
            .push_bind(target)
            .push("::user_id");
    }
    if let Some(action) = action {
        sql.push(" AND action = ").push_bind(action);
    }
    if let Some(is_refused) = is_refused {
        sql.push(" AND (refusal IS NOT NULL) = ")
            .push_bind(is_refused);
    }
    if let Some(request_id) = request_id {
        sql.push(" AND request_id = ").push_bind(request_id);
    }
    if let Some(transaction_id) = transaction_id {
        sql.push(" AND transaction_id = ").push_bind(transaction_id);
    }
    if let Some(from) = from {
        sql.push(" AND occurred_at >= ").push_bind(from);
    }
    if let Some(to) = to {
        sql.push(" AND occurred_at < ").push_bind(to);
    }
    if !has_rows {
        sql.push(" AND NOT is_row");
    }
}
