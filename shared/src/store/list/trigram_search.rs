//! The page of a search from all its matches, by the trigram index.

use sqlx::{Executor, FromRow, PgConnection, Postgres, QueryBuilder};

use super::{
    merged_ranges,
    page_bounds::PageBounds,
    row::{self, ListRow},
    searched,
};
use crate::{
    store::USER_COLUMNS,
    users::{ListQuery, Page, SearchTerm, Total, UserId},
};

/// Leaves the trigram index as the only way to the rows: the planner can only guess how many contain a
/// text. Parallel workers take longer to stop than they save, and a map of pages that does not fit the
/// memory would have every row of a page looked at.
const SETTINGS: &str = "SET LOCAL enable_seqscan = off; \
     SET LOCAL enable_indexscan = off; \
     SET LOCAL enable_indexonlyscan = off; \
     SET LOCAL max_parallel_workers_per_gather = 0; \
     SET LOCAL work_mem = '32MB'";

#[derive(FromRow)]
struct FoundId {
    id: Option<UserId>,
    matches: i64,
}

/// Sorts all matches, counts them, and takes the page from them. What it costs depends on how many there are and on
/// how common the pieces of the term are, and on neither order nor place.
///
/// It has to run in a transaction with a timeout, and the term has to be indexed.
pub async fn trigram_search(
    connection: &mut PgConnection,
    query: &ListQuery,
    term: &SearchTerm,
) -> Result<Page, sqlx::Error> {
    connection.execute(SETTINGS).await?;
    let bounds = PageBounds::of(query);
    let found: Vec<FoundId> = select_ids(&bounds, term)
        .build_query_as()
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?;
    let matches = found.first().map_or(0, |found| found.matches);
    let ids: Vec<_> = found.into_iter().filter_map(|found| found.id).collect();
    let rows: Vec<ListRow> = select_rows(&bounds, &ids)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let mut page = bounds.page(rows.into());
    page.total = Some(Total::Exactly(u64::try_from(matches).unwrap_or(0)));
    Ok(page)
}

/// How many users match by the planner's statistics, which are samples of what is indexed. Nothing is read.
pub async fn estimate(
    connection: &mut PgConnection,
    query: &ListQuery,
    term: &SearchTerm,
) -> Result<Option<u64>, sqlx::Error> {
    let plan: Vec<String> = select_estimate(query, term)
        .build_query_scalar()
        .persistent(false)
        .fetch_all(connection)
        .await?;
    let rows = plan
        .first()
        .and_then(|line| line.split_once(" rows="))
        .and_then(|(_, rest)| rest.split_once(' '))
        .and_then(|(rows, _)| rows.parse().ok());
    Ok(rows)
}

/// Counts the matches up to `most`, by the same indexes, under the same conditions.
pub async fn count_by_trigrams(
    connection: &mut PgConnection,
    query: &ListQuery,
    term: &SearchTerm,
    most: u64,
) -> Result<u64, sqlx::Error> {
    connection.execute(SETTINGS).await?;
    let count: i64 = select_count(query, term, most)
        .build_query_scalar()
        .persistent(false)
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

pub(super) fn select_estimate<'q>(
    query: &'q ListQuery,
    term: &SearchTerm,
) -> QueryBuilder<'q, Postgres> {
    let mut sql = QueryBuilder::new("EXPLAIN SELECT FROM (");
    searched::push_found(&mut sql, "is_active, is_superuser", term);
    sql.push(") AS matching WHERE TRUE");
    searched::push_flags(&mut sql, &query.filter);
    sql
}

/// Flags are looked at afterwards: OFFSET 0 keeps them out of the subquery, so that no other index is
/// used for them. A page without rows has one row, which has the number of matches.
pub(super) fn select_ids<'q>(
    bounds: &PageBounds<'q>,
    term: &SearchTerm,
) -> QueryBuilder<'q, Postgres> {
    let direction = merged_ranges::direction(bounds.sort);
    let key = merged_ranges::computed_key(bounds.sort.by);
    let mut sql = QueryBuilder::new(
        "WITH found AS MATERIALIZED (
             SELECT id, key
             FROM (",
    );
    let columns = format!("id, {key} AS key, is_active, is_superuser");
    searched::push_found(&mut sql, &columns, term);
    sql.push(" OFFSET 0) AS matching WHERE TRUE");
    searched::push_flags(&mut sql, &bounds.query.filter);
    sql.push(
        ")
         SELECT page.id::user_id, counted.matches
         FROM (SELECT count(*) AS matches FROM found) AS counted
         LEFT JOIN (SELECT id FROM found WHERE TRUE",
    );
    merged_ranges::push_bounds(&mut sql, bounds.sort, bounds.after, "key");
    sql.push(format_args!(
        " ORDER BY key {direction}, id {direction} LIMIT "
    ))
    .push_bind(bounds.limit)
    .push(" OFFSET ")
    .push_bind(bounds.offset)
    .push(") AS page ON TRUE");
    sql
}

pub(super) fn select_rows<'q>(
    bounds: &PageBounds<'q>,
    ids: &'q [UserId],
) -> QueryBuilder<'q, Postgres> {
    let key = merged_ranges::key_expression(bounds.sort.by);
    let direction = merged_ranges::direction(bounds.sort);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(USER_COLUMNS)
        .push(format_args!(
            ", {} FROM users WHERE id = ANY(",
            row::text_key(bounds.sort.by, &key)
        ))
        .push_bind(ids)
        .push(format_args!(
            "::user_id[]) ORDER BY {key} {direction}, users.id {direction}"
        ));
    sql
}

pub(super) fn select_count<'q>(
    query: &'q ListQuery,
    term: &SearchTerm,
    most: u64,
) -> QueryBuilder<'q, Postgres> {
    let mut sql = QueryBuilder::new(
        "SELECT count(*)
         FROM (
             SELECT
             FROM (",
    );
    searched::push_found(&mut sql, "is_active, is_superuser", term);
    sql.push(" OFFSET 0) AS found WHERE TRUE");
    searched::push_flags(&mut sql, &query.filter);
    sql.push(" LIMIT ")
        .push_bind(i64::try_from(most).unwrap_or(i64::MAX))
        .push(") AS counted");
    sql
}
