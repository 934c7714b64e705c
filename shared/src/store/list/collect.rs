//! All matches of a search at once, by the trigram index.

use sqlx::{Executor, FromRow, PgConnection, Postgres, QueryBuilder};

use super::{
    ranges,
    row::{self, ListRow},
    searched,
    slice::Slice,
};
use crate::{
    store::USER_COLUMNS,
    users::{ListQuery, Page, SearchTerm, Total, UserId},
};

/// A search that has more matches than this is not answered by collecting them.
const MOST_MATCHES: i64 = 20_000;

/// Finds all matches and sorts them. What it costs depends on how common the pieces of the term are
/// and on nothing else, neither order nor place; it is for terms whose matches a walk does not
/// meet soon.
///
/// Gives the page with its exact total, or `None` if there are too many matches, or no term that the index
/// serves. It has to run in a transaction with a timeout: nobody can tell
/// beforehand how long it takes.
pub async fn collect(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Option<Page>, sqlx::Error> {
    let Some(term) = query
        .filter
        .search
        .as_ref()
        .filter(|term| term.has_trigrams())
    else {
        return Ok(None);
    };
    // All other ways read the table, and the planner may prefer one: it can only guess how many
    // rows contain a text. Parallel workers take longer to stop than they save.
    connection
        .execute(
            "SET LOCAL enable_seqscan = off; \
             SET LOCAL enable_indexscan = off; \
             SET LOCAL enable_indexonlyscan = off; \
             SET LOCAL max_parallel_workers_per_gather = 0",
        )
        .await?;
    let slice = Slice::of(query);
    let found: Found = select_ids(&slice, term)
        .build_query_as()
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
    if found.collected > MOST_MATCHES {
        return Ok(None);
    }
    let rows: Vec<ListRow> = select_rows(&slice, &found.ids)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let mut page = slice.page(rows.into());
    page.total = Some(Total::Exactly(u64::try_from(found.total).unwrap_or(0)));
    Ok(Some(page))
}

#[derive(FromRow)]
struct Found {
    collected: i64,
    total: i64,
    ids: Vec<UserId>,
}

/// Flags are looked at afterwards, so that the trigram index is the only way to the rows.
pub(super) fn select_ids<'q>(
    slice: &Slice<'q>,
    term: &'q SearchTerm,
) -> QueryBuilder<'q, Postgres> {
    let direction = ranges::direction(slice.sort);
    let mut sql = QueryBuilder::new(format!(
        "WITH found AS MATERIALIZED (
             SELECT id::bigint AS id, {} AS key, is_active, is_superuser
             FROM users
             WHERE ",
        ranges::key_expression(slice.sort.by)
    ));
    searched::push_condition(&mut sql, term);
    sql.push(format_args!(
        " LIMIT {}), chosen AS (SELECT key, id FROM found WHERE TRUE",
        MOST_MATCHES + 1
    ));
    searched::push_flags(&mut sql, &slice.query.filter);
    sql.push(
        ")
        SELECT
            (SELECT count(*) FROM found) AS collected,
            (SELECT count(*) FROM chosen) AS total,
            ARRAY(SELECT id FROM chosen WHERE TRUE",
    );
    ranges::push_bounds(&mut sql, slice.sort, slice.beside, "key");
    sql.push(format_args!(
        " ORDER BY key {direction}, id {direction} LIMIT "
    ))
    .push_bind(slice.limit)
    .push(" OFFSET ")
    .push_bind(slice.offset)
    .push(") AS ids");
    sql
}

pub(super) fn select_rows<'q>(slice: &Slice<'q>, ids: &'q [UserId]) -> QueryBuilder<'q, Postgres> {
    let key = ranges::key_expression(slice.sort.by);
    let direction = ranges::direction(slice.sort);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(USER_COLUMNS)
        .push(format_args!(
            ", {} FROM users WHERE id = ANY(",
            row::text_key(slice.sort.by, key)
        ))
        .push_bind(ids)
        .push(format_args!(
            ") ORDER BY {key} {direction}, users.id {direction}"
        ));
    sql
}
