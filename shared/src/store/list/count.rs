//! How many users a search finds, by looking at them, and how many a range of times has.

use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{merged_ranges::MergedRanges, searched};
use crate::users::{ListQuery, SearchTerm, Sort, SortBy, SortOrder};

/// Counts the matches among the newest `scan_limit` users of a list, up to `most`. No user is looked at after
/// the last that counts.
pub async fn count_by_scan(
    connection: &mut PgConnection,
    query: &ListQuery,
    term: &SearchTerm,
    scan_limit: u64,
    most: u64,
) -> Result<u64, sqlx::Error> {
    let count: i64 = select_scanned_count(query, term, scan_limit, most)
        .build_query_scalar()
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Counts the users of a range of times, up to `most`.
pub async fn count_range(
    connection: &mut PgConnection,
    query: &ListQuery,
    most: u64,
) -> Result<u64, sqlx::Error> {
    let count: i64 = select_range_count(query, most)
        .build_query_scalar()
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn select_range_count(query: &ListQuery, most: u64) -> QueryBuilder<'_, Postgres> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (");
    newest(query, most, false).push(&mut sql);
    sql.push(") AS counted");
    sql
}

pub(super) fn select_scanned_count<'q>(
    query: &'q ListQuery,
    term: &'q SearchTerm,
    scan_limit: u64,
    most: u64,
) -> QueryBuilder<'q, Postgres> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM (");
    newest(query, scan_limit, true).push(&mut sql);
    sql.push(") AS newest WHERE ");
    searched::push_is_match(&mut sql, term, "folded_text");
    sql.push(" LIMIT ")
        .push_bind(i64::try_from(most).unwrap_or(i64::MAX))
        .push(") AS counted");
    sql
}

fn newest(query: &ListQuery, limit: u64, is_searched: bool) -> MergedRanges<'_> {
    MergedRanges {
        filter: &query.filter,
        is_searched,
        sort: Sort {
            by: SortBy::CreatedAt,
            order: SortOrder::Descending,
        },
        after: None,
        offset: 0,
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    }
}
