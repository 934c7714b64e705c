//! How many users a search finds.

use sqlx::{FromRow, PgConnection, QueryBuilder};

use super::{ranges::Ranges, searched};
use crate::{
    platform::database::Query,
    users::{Filter, ListQuery, SearchTerm, Sort, SortBy, SortOrder},
};

/// Counts the matches among the newest users of a list, as many as a search may look at.
pub struct CountSample<'q>(pub &'q ListQuery);

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

impl Query for CountSample<'_> {
    type Output = Sample;

    async fn run(&self, connection: &mut PgConnection) -> Result<Sample, sqlx::Error> {
        let reach = i64::from(self.0.reach);
        let newest = Ranges {
            filter: &self.0.filter,
            term: self.0.filter.search.as_ref(),
            sort: Sort {
                by: SortBy::CreatedAt,
                order: SortOrder::Descending,
            },
            beside: None,
            offset: 0,
            limit: reach + 1,
        };
        let mut sql = QueryBuilder::new(
            "SELECT count(*) FILTER (WHERE is_match) AS matches, count(*) AS examined FROM (",
        );
        newest.push(&mut sql);
        sql.push(") AS newest");
        let row: SampleRow = sql.build_query_as().fetch_one(connection).await?;
        Ok(Sample {
            matches: u64::try_from(row.matches).unwrap_or(0),
            is_all: row.examined <= reach,
        })
    }
}

/// Counts all matches. It has to run in a transaction with a timeout.
pub struct CountAll<'q> {
    filter: &'q Filter,
    term: &'q SearchTerm,
}

impl<'q> CountAll<'q> {
    /// None, if the list has no search.
    #[must_use]
    pub fn of(query: &'q ListQuery) -> Option<Self> {
        let filter = &query.filter;
        let term = filter.search.as_ref()?;
        Some(Self { filter, term })
    }
}

impl Query for CountAll<'_> {
    type Output = u64;

    async fn run(&self, connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
        let mut sql = QueryBuilder::new("SELECT count(*) FROM users WHERE ");
        searched::push_condition(&mut sql, self.term);
        searched::push_flags(&mut sql, self.filter);
        // How common the term is decides which plan is good.
        let query = sql.build_query_scalar().persistent(false);
        let count: i64 = query.fetch_one(connection).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
