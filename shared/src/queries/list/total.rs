//! How many users a list without a search has.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::ranges;
use crate::users::{CountMode, ListQuery};

/// Adds a scalar query for the total, or NULL if none is wanted: the kept counts of the flags that
/// the filter lets pass.
pub(super) fn push(sql: &mut QueryBuilder<'_, Postgres>, query: &ListQuery) {
    if query.count == CountMode::None {
        sql.push("SELECT NULL::bigint");
        return;
    }
    let columns: Vec<_> = ranges::flag_pairs(&query.filter)
        .map(|pair| match pair {
            (true, true) => "active_superusers",
            (true, false) => "active_users",
            (false, true) => "inactive_superusers",
            (false, false) => "inactive_users",
        })
        .collect();
    let columns = columns.join(" + ");
    sql.push(format_args!(
        "SELECT (
             (SELECT {columns} FROM user_count_totals)
             + (SELECT coalesce(sum({columns}), 0) FROM user_count_changes)
         )::bigint"
    ));
}

/// The total alone, for a page without rows.
pub(super) async fn count(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Option<i64>, sqlx::Error> {
    let mut sql = QueryBuilder::new("");
    push(&mut sql, query);
    sql.build_query_scalar().fetch_one(connection).await
}
