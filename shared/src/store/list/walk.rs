//! A walk along an index, from anywhere, in either direction.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::{
    ranges::{self, Ranges},
    row::{self, CountedRow, ListRow},
    slice::{Fetched, Slice},
    total,
};
use crate::{
    store::USER_COLUMNS,
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
    /// How many users the list has, whatever is searched for. 0 unless the walk stopped at its reach.
    pub listed: u64,
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

/// Walks along an index. Takes one round trip: the total of a list comes with the rows, unless there are
/// none.
pub async fn walk(connection: &mut PgConnection, query: &ListQuery) -> Result<Walked, sqlx::Error> {
    let slice = Slice::of(query);
    if query.filter.search.is_some() {
        search(connection, &slice).await
    } else {
        list(connection, &slice).await
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
        listed: 0,
    })
}

/// The walk carries only keys and ids, and rows are fetched for the page alone.
pub(super) fn select_page<'q>(slice: &Slice<'q>) -> QueryBuilder<'q, Postgres> {
    let direction = ranges::direction(slice.sort);
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(USER_COLUMNS).push(format_args!(
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

/// Why a search returns a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
enum Role {
    /// Its walk began here.
    First,
    /// It was found.
    Match,
    /// Its walk had to stop here.
    Last,
}

#[derive(FromRow)]
struct SeenRow {
    #[sqlx(flatten)]
    row: ListRow,
    role: Role,
    met: i64,
    listed: i64,
}

async fn search(connection: &mut PgConnection, slice: &Slice<'_>) -> Result<Walked, sqlx::Error> {
    let seen: Vec<SeenRow> = select_matches(slice)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let by = slice.sort.by;
    let met = seen.first().map_or(0, |row| row.met);
    let listed = seen.first().map_or(0, |row| row.listed);
    let cursor_at = |role, towards| {
        let seen = seen.iter().find(|seen| seen.role == role);
        seen.map(|seen| seen.row.cursor(by, towards))
    };
    let first_seen = cursor_at(Role::First, slice.towards.reversed());
    let last_seen = cursor_at(Role::Last, slice.towards);
    let rows: Vec<_> = seen
        .into_iter()
        .filter(|seen| seen.role == Role::Match)
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
    Ok(Walked {
        page,
        stop,
        met,
        listed: u64::try_from(listed).unwrap_or(0),
    })
}

/// Looks at rows until the page is full or the reach is used up.
///
/// The reach is a number of rows and not a time, so that the same question has the same answer, and
/// the index has all that is looked at, so that they are read from neighbouring pages. Where the reach
/// ended is looked up afterwards, and only if the page is not full: to number each row on the way
/// takes longer.
pub(super) fn select_matches<'q>(slice: &Slice<'q>) -> QueryBuilder<'q, Postgres> {
    let direction = ranges::direction(slice.sort);
    let reach = i64::from(slice.query.reach);
    let enough = slice.offset + slice.limit;
    let beginning = Ranges {
        offset: 0,
        limit: 1,
        ..slice.ranges()
    };
    let examined = Ranges {
        term: slice.query.filter.search.as_ref(),
        limit: reach,
        ..beginning
    };
    let ending = Ranges {
        offset: reach - 1,
        ..beginning
    };
    let mut sql = QueryBuilder::new("WITH matches AS MATERIALIZED (SELECT key, id FROM (");
    examined.push(&mut sql);
    sql.push(format_args!(
        ") AS examined WHERE is_match ORDER BY key {direction}, id {direction} LIMIT "
    ))
    .push_bind(enough)
    .push(format_args!(
        "), place AS (
             (SELECT key, id, 'match' AS role
             FROM matches
             ORDER BY key {direction}, id {direction}
             OFFSET "
    ))
    .push_bind(slice.offset)
    .push(") UNION ALL ");
    // Nothing precedes a walk that begins where the list does.
    if slice.beside.is_some() {
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
            ", {}, place.role, (SELECT count(*) FROM matches) AS met, (",
            row::text_key(slice.sort.by, "place.key")
        ));
    total::push_listed(&mut sql, slice.query);
    sql.push(format_args!(
        ") AS listed
         FROM place
         JOIN users ON users.id = place.id
         ORDER BY place.key {direction}, place.id {direction}"
    ));
    sql
}
