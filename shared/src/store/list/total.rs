//! How many users a list without a search has.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::searched;
use crate::users::{CountMode, ListQuery};

/// Adds a scalar query for the total, or NULL if none is wanted: the kept counts of the flags that
/// the filter lets pass. Those of a range of times are not kept.
pub(super) fn push(sql: &mut QueryBuilder<'_, Postgres>, query: &ListQuery) {
    if query.count == CountMode::None || query.filter.has_range() {
        sql.push("SELECT NULL::bigint");
        return;
    }
    push_listed(sql, query);
}

/// Adds a scalar query for the number of users that the flags let pass, whatever is searched for.
pub(super) fn push_listed(sql: &mut QueryBuilder<'_, Postgres>, query: &ListQuery) {
    sql.push("SELECT (");
    push_sum(sql, query, "user_count_totals");
    sql.push(" + ");
    push_sum(sql, query, "user_count_changes");
    sql.push(")::bigint");
}

/// Users of that table whose flags are wanted.
fn push_sum(sql: &mut QueryBuilder<'_, Postgres>, query: &ListQuery, table: &str) {
    sql.push(format_args!(
        "(SELECT coalesce(sum(users), 0) FROM {table} WHERE TRUE"
    ));
    searched::push_flags(sql, &query.filter);
    sql.push(")");
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
