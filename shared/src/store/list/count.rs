//! How many users a search finds.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{ranges::Ranges, searched};
use crate::users::{Filter, ListQuery, SearchTerm, Sort, SortBy, SortOrder};

/// What was counted among the newest users.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// How many match.
    pub matches: u64,
    /// Whether these users are all that the list has.
    pub is_all: bool,
}

#[derive(FromRow)]
struct SampleRow {
    matches: i64,
    examined: i64,
}

/// Counts the matches among the newest users of a list, as many as a search may look at.
pub async fn count_sample(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Sample, sqlx::Error> {
    let row: SampleRow = select_sample(query)
        .build_query_as()
        .fetch_one(connection)
        .await?;
    Ok(Sample {
        matches: u64::try_from(row.matches).unwrap_or(0),
        is_all: row.examined <= i64::from(query.reach),
    })
}

pub(super) fn select_sample(query: &ListQuery) -> QueryBuilder<'_, Postgres> {
    let newest = Ranges {
        filter: &query.filter,
        term: query.filter.search.as_ref(),
        sort: Sort {
            by: SortBy::CreatedAt,
            order: SortOrder::Descending,
        },
        beside: None,
        offset: 0,
        limit: i64::from(query.reach) + 1,
    };
    let mut sql = QueryBuilder::new(
        "SELECT count(*) FILTER (WHERE is_match) AS matches, count(*) AS examined FROM (",
    );
    newest.push(&mut sql);
    sql.push(") AS newest");
    sql
}

/// Counts all matches; `None` if the list has no search. It has to run in a transaction with a timeout.
pub async fn count_all(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Option<u64>, sqlx::Error> {
    let filter = &query.filter;
    let Some(term) = &filter.search else {
        return Ok(None);
    };
    let count: i64 = select_count(filter, term)
        .build_query_scalar()
        // How common the term is decides which plan is good.
        .persistent(false)
        .fetch_one(connection)
        .await?;
    Ok(Some(u64::try_from(count).unwrap_or(0)))
}

pub(super) fn select_count<'q>(
    filter: &Filter,
    term: &'q SearchTerm,
) -> QueryBuilder<'q, Postgres> {
    let mut sql = QueryBuilder::new("SELECT count(*) FROM users WHERE ");
    searched::push_condition(&mut sql, term);
    searched::push_flags(&mut sql, filter);
    sql
}
