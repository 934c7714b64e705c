//! A walk along an index, from anywhere, in either direction.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{
    ranges::{self, Ranges},
    row::{self, CountedRow, ListRow},
    slice::{Fetched, Slice},
    total,
};
use crate::{
    database::Query,
    users::{ListQuery, Page, Position, Total},
};

/// What a walk found.
#[derive(Debug)]
pub struct Walked {
    /// The page. Its total is known unless a search did not see the whole list.
    pub page: Page,
    /// Why the walk stopped.
    pub stop: Stop,
    /// How many matches a search met from where it began.
    pub met: u64,
}

/// Why a walk stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The page is full, and more rows follow.
    Full,
    /// Nothing follows.
    End,
    /// A search has looked at as many users as it may.
    Reach,
}

impl Query for ListQuery {
    type Output = Walked;

    /// Takes one round trip: the total of a list comes with the rows, unless there are none.
    async fn run(&self, connection: &mut PgConnection) -> Result<Walked, sqlx::Error> {
        let slice = Slice::of(self);
        if self.filter.search.is_some() {
            search(connection, &slice).await
        } else {
            list(connection, &slice).await
        }
    }
}

async fn list(connection: &mut PgConnection, slice: &Slice<'_>) -> Result<Walked, sqlx::Error> {
    let rows: Vec<CountedRow> = select_page(slice)
        .build_query_as()
        .fetch_all(&mut *connection)
        .await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None => total::count(connection, slice.query).await?,
    };
    let rows: Vec<_> = rows.into_iter().map(|counted| counted.row).collect();
    let is_full = slice.overflows(rows.len());
    let mut page = slice.page(rows.into());
    page.total = total.map(|total| Total::Exactly(u64::try_from(total).unwrap_or(0)));
    Ok(Walked {
        page,
        stop: if is_full { Stop::Full } else { Stop::End },
        met: 0,
    })
}

/// The walk carries only keys and ids, and rows are fetched for the page alone.
fn select_page<'q>(slice: &Slice<'q>) -> QueryBuilder<'q, Postgres> {
    let direction = ranges::direction(slice.sort);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(row::COLUMNS).push(format_args!(
        ", {}, (",
        row::text_key(slice.sort.by, "place.key")
    ));
    total::push(&mut sql, slice.query);
    sql.push(") AS total FROM (");
    slice.ranges().push(&mut sql);
    sql.push(format_args!(
        ") AS place JOIN users ON users.id = place.id
         ORDER BY place.key {direction}, place.id {direction}"
    ));
    sql
}

/// A row that a search returns: a match, or where its walk began or had to stop.
#[derive(FromRow)]
struct SeenRow {
    #[sqlx(flatten)]
    row: ListRow,
    is_match: bool,
    seen: i64,
    met: i64,
}

async fn search(connection: &mut PgConnection, slice: &Slice<'_>) -> Result<Walked, sqlx::Error> {
    let seen: Vec<SeenRow> = select_matches(slice)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let by = slice.sort.by;
    let reach = i64::from(slice.query.reach);
    let met = seen.last().map_or(0, |last| last.met);
    let first = seen.first().filter(|row| row.seen == 1);
    let last = seen.last().filter(|row| row.seen == reach);
    let first_seen = first.map(|seen| seen.row.cursor(by, slice.towards.reversed()));
    let last_seen = last.map(|seen| seen.row.cursor(by, slice.towards));
    let rows: Vec<_> = seen
        .into_iter()
        .filter(|seen| seen.is_match && seen.met > slice.offset)
        .map(|seen| seen.row)
        .collect();
    let stop = if slice.overflows(rows.len()) {
        Stop::Full
    } else if last_seen.is_some() {
        Stop::Reach
    } else {
        Stop::End
    };
    // Where a page lies beyond the last match, the walk does not say how many there were.
    let is_counted = matches!(slice.query.position, Position::Page(_))
        && stop == Stop::End
        && (slice.offset == 0 || !rows.is_empty());
    let met = u64::try_from(met).unwrap_or(0);
    let mut page = slice.page(Fetched {
        rows,
        first_seen,
        last_seen,
    });
    page.total = is_counted.then_some(Total::Exactly(met));
    Ok(Walked { page, stop, met })
}

/// Looks at rows until the page is full or the reach is used up.
///
/// The reach is a number of rows and not a time, so that the same question has the same answer, and
/// the index has all that is looked at, so that they are read from neighbouring pages.
fn select_matches<'q>(slice: &Slice<'q>) -> QueryBuilder<'q, Postgres> {
    let direction = ranges::direction(slice.sort);
    let reach = i64::from(slice.query.reach);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(row::COLUMNS).push(format_args!(
        ", {}, place.is_match, place.seen, place.met FROM (
                 SELECT key, id, is_match, seen, met
                 FROM (
                     SELECT
                         key,
                         id,
                         is_match,
                         row_number() OVER walk AS seen,
                         count(*) FILTER (WHERE is_match) OVER walk AS met
                     FROM (",
        row::text_key(slice.sort.by, "place.key")
    ));
    let examined = Ranges {
        offset: 0,
        limit: reach,
        ..slice.ranges()
    };
    examined.push(&mut sql);
    sql.push(format_args!(
        ") AS examined
         WINDOW walk AS (ORDER BY key {direction}, id {direction} ROWS UNBOUNDED PRECEDING)
         ) AS walked
         WHERE seen IN (1, "
    ))
    .push_bind(reach)
    .push(") OR (is_match AND met > ")
    .push_bind(slice.offset)
    .push(format_args!(
        ") ORDER BY key {direction}, id {direction} LIMIT "
    ))
    // One more for the row where the walk began.
    .push_bind(slice.limit + 1)
    .push(format_args!(
        ") AS place JOIN users ON users.id = place.id
         ORDER BY place.key {direction}, place.id {direction}"
    ));
    sql
}
