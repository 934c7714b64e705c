//! How many users a whole list has.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{searched, walked};
use crate::users::{CountMode, ListQuery, Total};

/// Where a capped count stops.
pub const COUNT_CAP: u64 = 10_000;

/// Adds a scalar query for the total, or NULL if none is wanted.
pub(super) fn push(sql: &mut QueryBuilder<'_, Postgres>, query: &ListQuery) {
    match (&query.filter.search, query.count) {
        (_, CountMode::None) => {
            sql.push("SELECT NULL::bigint");
        }
        (None, CountMode::Exact | CountMode::Capped) => push_kept(sql, query),
        (Some(_), mode) => {
            sql.push("SELECT count(*) FROM (SELECT FROM users WHERE TRUE");
            searched::push_filter(sql, &query.filter);
            if mode == CountMode::Capped {
                sql.push(format_args!(" LIMIT {}", COUNT_CAP + 1));
            }
            sql.push(") AS matching");
        }
    }
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

/// What a number that was counted in the mode of `query` means.
pub(super) fn relation(counted: i64, query: &ListQuery) -> Total {
    let counted = u64::try_from(counted).unwrap_or(0);
    let is_capped = query.filter.search.is_some() && query.count == CountMode::Capped;
    if is_capped && counted > COUNT_CAP {
        Total::AtLeast(COUNT_CAP)
    } else {
        Total::Exactly(counted)
    }
}

/// The kept count of the flags that the filter lets pass.
fn push_kept(sql: &mut QueryBuilder<'_, Postgres>, query: &ListQuery) {
    let columns: Vec<_> = walked::flag_pairs(&query.filter)
        .map(|pair| match pair {
            (true, true) => "super_active",
            (true, false) => "plain_active",
            (false, true) => "super_inactive",
            (false, false) => "plain_inactive",
        })
        .collect();
    let columns = columns.join(" + ");
    sql.push(format_args!(
        "SELECT coalesce(sum(rows), 0)::bigint
         FROM (
             SELECT {columns} AS rows FROM user_counts
             UNION ALL
             SELECT {columns} FROM user_counts_by_hour
         ) AS counts"
    ));
}
