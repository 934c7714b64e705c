//! Pages of lists and searches: which queries to ask, and in which order.
//!
//! A list is one walk along an index. A search is bounded twice, whatever the term: a walk that looks at
//! a limited number of users finds common terms, and collecting all matches in a limited time finds
//! rare ones. A term that is neither gets what the walk found, a page that is short or even empty, and
//! the cursor from where to go on.

use std::time::Duration;

use crate::{
    platform::{config::SearchConfig, database::Database, deadline::Deadline, error::Error},
    store::list::{self, Stop, Walked},
    users::{CountMode, ListQuery, Page, Position, SearchTerm, Total},
};

/// Where a capped count stops.
pub const COUNT_CAP: u64 = 10_000;

/// An exact count may take this part of the time that is left; the answer needs the rest.
const COUNT_SHARE: u32 = 2;

/// Answers a list.
pub async fn page(
    database: &Database,
    deadline: &Deadline,
    config: &SearchConfig,
    query: &ListQuery,
) -> Result<Page, Error> {
    let walked = database
        .read(deadline, |mut lease| async move {
            (list::walk(&mut lease, query).await, lease)
        })
        .await?;
    if query.filter.search.is_none() {
        return Ok(walked.page);
    }
    let mut page = match walked.stop {
        Stop::Full | Stop::End => walked.page.clone(),
        Stop::Reach => match collected(database, deadline, config.time, query).await? {
            Some(page) => page,
            None => short(&walked, query)?,
        },
    };
    page.total = match (page.total, query.count) {
        (_, CountMode::None) => None,
        (Some(total), CountMode::Capped) => Some(capped(total)),
        (Some(total @ Total::Exactly(_)), CountMode::Exact) => Some(total),
        (_, mode) => Some(count(database, deadline, query, mode, walked.met).await?),
    };
    Ok(page)
}

async fn collected(
    database: &Database,
    deadline: &Deadline,
    time: Duration,
    query: &ListQuery,
) -> Result<Option<Page>, Error> {
    let term = query.filter.search.as_ref();
    if !term.is_some_and(SearchTerm::has_trigrams) {
        return Ok(None);
    }
    let collected = database
        .read_briefly(deadline, time, |mut lease| async move {
            (list::collect(&mut lease, query).await, lease)
        })
        .await?;
    Ok(collected.flatten())
}

/// What the walk found before it had to stop. A page by number has to know where it begins.
fn short(walked: &Walked, query: &ListQuery) -> Result<Page, Error> {
    if walked.met < query.rows_before() {
        return Err(Error::invalid_request(
            "Parameter page is beyond what this search can count; continue with the next_cursor of an earlier page",
        ));
    }
    let mut page = walked.page.clone();
    // Such a walk began at the start of the list, and looked at as many users as a sample does.
    if matches!(query.position, Position::Page(_)) {
        page.total = Some(Total::AtLeast(walked.met));
    }
    Ok(page)
}

async fn count(
    database: &Database,
    deadline: &Deadline,
    query: &ListQuery,
    mode: CountMode,
    met: u64,
) -> Result<Total, Error> {
    let sample = database
        .read(deadline, |mut lease| async move {
            (list::count_sample(&mut lease, query).await, lease)
        })
        .await?;
    let at_least = if sample.is_all {
        Total::Exactly(sample.matches)
    } else {
        Total::AtLeast(sample.matches.max(met))
    };
    if (mode, sample.is_all) != (CountMode::Exact, false) {
        return Ok(match mode {
            CountMode::Exact => at_least,
            CountMode::Capped | CountMode::None => capped(at_least),
        });
    }
    let time = deadline.remaining() / COUNT_SHARE;
    let counted = database
        .read_briefly(deadline, time, |mut lease| async move {
            (list::count_all(&mut lease, query).await, lease)
        })
        .await?;
    Ok(counted.flatten().map_or(capped(at_least), Total::Exactly))
}

fn capped(total: Total) -> Total {
    match total {
        Total::Exactly(count) if count <= COUNT_CAP => total,
        Total::Exactly(count) | Total::AtLeast(count) => Total::AtLeast(count.min(COUNT_CAP)),
    }
}
