//! An index scan, from anywhere, in either direction.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{
    merged_ranges::{self, MergedRanges},
    page_bounds::{Fetched, PageBounds},
    row::{self, CountedRow, ListRow},
    searched, total,
};
use crate::{
    store::USER_COLUMNS,
    users::{ListQuery, Page, Position, SearchTerm, Total},
};

/// What a scan found.
#[derive(Debug)]
pub struct Scanned {
    /// The page. Its total is known unless a search did not see the whole list.
    pub page: Page,
    /// Why the scan stopped.
    pub stop: Stop,
    /// How many matches a search matches from where it began.
    pub matches: u64,
    /// How many users the list has, whatever is searched for. 0 where no row was found.
    pub listed: u64,
}

/// Why a scan stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The page is full, and more rows follow.
    Full,
    /// Nothing follows.
    End,
    /// A search has looked at as many users as it may.
    ScanLimit,
}

/// Walks along an index. Takes one round trip: the total of a list comes with the rows, unless there are
/// none.
pub async fn scan(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Scanned, sqlx::Error> {
    let bounds = PageBounds::of(query);
    match &query.filter.search {
        Some(term) => search(connection, &bounds, term).await,
        None => list(connection, &bounds).await,
    }
}

async fn list(
    connection: &mut PgConnection,
    bounds: &PageBounds<'_>,
) -> Result<Scanned, sqlx::Error> {
    let rows: Vec<CountedRow> = select_page(bounds)
        .build_query_as()
        .fetch_all(&mut *connection)
        .await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None => total::count(connection, bounds.query).await?,
    };
    let rows: Vec<_> = rows.into_iter().map(|counted| counted.row).collect();
    let is_full = bounds.overflows(rows.len());
    let mut page = bounds.page(rows.into());
    page.total = total.map(|total| Total::Exactly(u64::try_from(total).unwrap_or(0)));
    Ok(Scanned {
        page,
        stop: if is_full { Stop::Full } else { Stop::End },
        matches: 0,
        listed: 0,
    })
}

/// The scan carries only keys and ids, and rows are fetched for the page alone.
pub(super) fn select_page<'q>(bounds: &PageBounds<'q>) -> QueryBuilder<'q, Postgres> {
    let direction = merged_ranges::direction(bounds.sort);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(USER_COLUMNS).push(format_args!(
        ", {}, (",
        row::text_key(bounds.sort.by, "place.key")
    ));
    total::push(&mut sql, bounds.query);
    sql.push(") AS total FROM (");
    bounds.ranges().push(&mut sql);
    sql.push(format_args!(
        ") AS place JOIN users ON users.id = place.id
         ORDER BY place.key {direction}, place.id {direction}"
    ));
    sql
}

/// Why a search returns a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
enum Role {
    /// The scan began here.
    First,
    /// It was found.
    Match,
    /// The scan had to stop here.
    Last,
}

#[derive(FromRow)]
struct SeenRow {
    #[sqlx(flatten)]
    row: ListRow,
    role: Role,
    matches: i64,
    listed: i64,
}

async fn search(
    connection: &mut PgConnection,
    bounds: &PageBounds<'_>,
    term: &SearchTerm,
) -> Result<Scanned, sqlx::Error> {
    let seen: Vec<SeenRow> = select_matches(bounds, term)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let by = bounds.sort.by;
    let matches = seen.first().map_or(0, |row| row.matches);
    let listed = seen.first().map_or(0, |row| row.listed);
    let cursor_at = |role, direction| {
        let seen = seen.iter().find(|seen| seen.role == role);
        seen.map(|seen| seen.row.cursor(by, direction))
    };
    let first_seen = cursor_at(Role::First, bounds.direction.reversed());
    let last_seen = cursor_at(Role::Last, bounds.direction);
    let rows: Vec<_> = seen
        .into_iter()
        .filter(|seen| seen.role == Role::Match)
        .map(|seen| seen.row)
        .collect();
    let stop = if bounds.overflows(rows.len()) {
        Stop::Full
    } else if last_seen.is_some() {
        Stop::ScanLimit
    } else {
        Stop::End
    };
    // Where a page lies beyond the last match, the scan does not tell how many there were.
    let is_counted = matches!(bounds.query.position, Position::Page(_))
        && stop == Stop::End
        && (bounds.offset == 0 || !rows.is_empty());
    let matches = u64::try_from(matches).unwrap_or(0);
    let mut page = bounds.page(Fetched {
        rows,
        first_seen,
        last_seen,
    });
    page.total = is_counted.then_some(Total::Exactly(matches));
    Ok(Scanned {
        page,
        stop,
        matches,
        listed: u64::try_from(listed).unwrap_or(0),
    })
}

/// Looks at rows until the page is full or the scan limit is used up.
///
/// The scan limit is a number of rows and not a time, so that the same question has the same answer, and
/// the index has all that is looked at, so that they are read from neighbouring pages. Where the limit
/// ended is looked up afterwards, and only if the page is not full: to number each row on the way
/// takes longer.
pub(super) fn select_matches<'q>(
    bounds: &PageBounds<'q>,
    term: &SearchTerm,
) -> QueryBuilder<'q, Postgres> {
    let direction = merged_ranges::direction(bounds.sort);
    let scan_limit = i64::from(bounds.query.scan_limit);
    let enough = bounds.offset + bounds.limit;
    let beginning = MergedRanges {
        offset: 0,
        limit: 1,
        ..bounds.ranges()
    };
    let examined = MergedRanges {
        is_searched: true,
        limit: scan_limit,
        ..beginning
    };
    let ending = MergedRanges {
        offset: scan_limit - 1,
        ..beginning
    };
    let mut sql = QueryBuilder::new("WITH matches AS MATERIALIZED (SELECT key, id FROM (");
    examined.push(&mut sql);
    sql.push(") AS examined WHERE ");
    searched::push_is_match(&mut sql, term, "folded_text");
    sql.push(format_args!(
        " ORDER BY key {direction}, id {direction} LIMIT "
    ))
    .push_bind(enough)
    .push(format_args!(
        "), place AS (
             (SELECT key, id, 'match' AS role
             FROM matches
             ORDER BY key {direction}, id {direction}
             OFFSET "
    ))
    .push_bind(bounds.offset)
    .push(") UNION ALL ");
    // Nothing precedes a scan that begins where the list does.
    if bounds.after.is_some() {
        sql.push("SELECT key, id, 'first' FROM (");
        beginning.push(&mut sql);
        sql.push(") AS beginning UNION ALL ");
    }
    sql.push("SELECT key, id, 'last' FROM (");
    ending.push(&mut sql);
    sql.push(") AS ending WHERE (SELECT count(*) FROM matches) < ")
        .push_bind(enough)
        .push(") SELECT")
        .push(USER_COLUMNS)
        .push(format_args!(
            ", {}, place.role, (SELECT count(*) FROM matches) AS matches, (",
            row::text_key(bounds.sort.by, "place.key")
        ));
    total::push_listed(&mut sql, bounds.query);
    sql.push(format_args!(
        ") AS listed
         FROM place
         JOIN users ON users.id = place.id
         ORDER BY place.key {direction}, place.id {direction}"
    ));
    sql
}
