//! Pages of lists and searches: which queries to ask, and in which order.
//!
//! A list is one index scan, or finds a few users by unique indexes. A search begins with a short scan, which answers
//! common terms. Where that is not enough, two things tell which way ends first, to scan on or to find all matches by the
//! indexes of searches: how many matches the scan has seen, and how many there are by the planner's statistics.
//! The scan goes first where it should be faster, and for a part of the time in any case, because matches may be
//! clustered. Only if both ways take longer than a search may, the page is short, and says so.

use std::time::{Duration, Instant};

use crate::{
    platform::{config::SearchConfig, database::reader::Reader, deadline::Deadline, error::Error},
    store::list::{self, Scanned, Stop},
    users::{CountMode, ListQuery, Page, SearchTerm, Total},
};

/// Where a capped count stops.
pub const COUNT_CAP: u64 = 10_000;

/// An exact count may take this part of the time that is left; the answer needs the rest.
const COUNT_SHARE: u32 = 2;

/// What it takes to look at a row of an index, to find a match by the indexes of searches, and to look at that too.
/// To look takes longer where names have letters beyond ASCII; the first scan tells how much.
const SCAN_NANOSECONDS: u64 = 1_500;
const MAX_SCAN_NANOSECONDS: u64 = 15_000;
const FIND_NANOSECONDS: u64 = 300;
const MATCH_NANOSECONDS: u64 = 2_500;

/// The part of the time to find all matches that a scan gets which has no evidence that it is faster. The more
/// matches there are, the more likely is it that those are far away which the first scan did not see, so it gets no
/// more than this part of half of the time that is left.
const GAMBLE_SHARE: u32 = 4;

/// What a capped count gets at least, so that it is not given up before it began.
const MIN_COUNT_TIME: Duration = Duration::from_millis(50);

/// Answers a list.
pub async fn page(
    reader: &Reader,
    deadline: &Deadline,
    config: &SearchConfig,
    query: &ListQuery,
) -> Result<Page, Error> {
    if query.filter.is_look_up() {
        return look_up(reader, deadline, query).await;
    }
    let started = Instant::now();
    let mut scanned = scan(reader, deadline, query).await?;
    let Some(term) = &query.filter.search else {
        if query.filter.has_range() && query.count != CountMode::None {
            scanned.page.total = Some(count_range(reader, deadline, query).await?);
        }
        return Ok(scanned.page);
    };
    let of = u64::from(query.scan_limit);
    let row_nanoseconds = match scanned.stop {
        Stop::ScanLimit => nanoseconds(started.elapsed()).checked_div(of),
        Stop::Full | Stop::End => None,
    };
    let is_answered = scanned.stop != Stop::ScanLimit
        && (scanned.page.total.is_some() || query.count == CountMode::None);
    let all_matches = if is_answered {
        scanned.matches.max(1)
    } else {
        estimate(reader, deadline, query, term).await?
    };
    let search = Search {
        reader,
        deadline,
        query,
        term,
        ends: Instant::now() + config.time.min(deadline.remaining() / 2),
        is_indexed: list::is_indexed(term),
        rate: Rate {
            matches: scanned.matches,
            of,
            row_nanoseconds: row_nanoseconds
                .unwrap_or(SCAN_NANOSECONDS)
                .clamp(SCAN_NANOSECONDS, MAX_SCAN_NANOSECONDS),
            listed: scanned.listed,
            all_matches,
        },
    };
    let (mut page, matches) = match scanned.stop {
        Stop::Full | Stop::End => (scanned.page, scanned.matches),
        Stop::ScanLimit => search.go_on(scanned).await?,
    };
    page.total = match (page.total, query.count) {
        (_, CountMode::None) => None,
        (Some(total), CountMode::Capped) => Some(capped(total)),
        (Some(total @ Total::Exactly(_)), CountMode::Exact) => Some(total),
        (_, CountMode::Capped) => Some(search.count_capped(matches).await?),
        (_, CountMode::Exact) => Some(search.count_exactly(matches).await?),
    };
    Ok(page)
}

/// How many matches there may be. At least one, because nothing is sure.
async fn estimate(
    reader: &Reader,
    deadline: &Deadline,
    query: &ListQuery,
    term: &SearchTerm,
) -> Result<u64, Error> {
    let estimated = reader
        .read(deadline, |mut lease| async move {
            (list::estimate(&mut lease, query, term).await, lease)
        })
        .await?;
    Ok(estimated.unwrap_or(0).max(1))
}

async fn scan(reader: &Reader, deadline: &Deadline, query: &ListQuery) -> Result<Scanned, Error> {
    reader
        .read(deadline, |mut lease| async move {
            (list::scan(&mut lease, query).await, lease)
        })
        .await
}

async fn look_up(reader: &Reader, deadline: &Deadline, query: &ListQuery) -> Result<Page, Error> {
    let mut page = reader
        .read(deadline, |mut lease| async move {
            (list::look_up(&mut lease, query).await, lease)
        })
        .await?;
    page.total = page.total.filter(|_| query.count != CountMode::None);
    Ok(page)
}

/// Counts a range of times, to its end if that is wanted and takes no more than a part of the time that is
/// left.
async fn count_range(
    reader: &Reader,
    deadline: &Deadline,
    query: &ListQuery,
) -> Result<Total, Error> {
    if query.count == CountMode::Exact {
        let time = deadline.remaining() / COUNT_SHARE;
        let count = reader
            .read_briefly(deadline, time, |mut lease| async move {
                let count = list::count_range(&mut lease, query, u64::MAX).await;
                (count, lease)
            })
            .await?;
        if let Some(count) = count {
            return Ok(Total::Exactly(count));
        }
    }
    let count = reader
        .read(deadline, |mut lease| async move {
            let count = list::count_range(&mut lease, query, COUNT_CAP + 1).await;
            (count, lease)
        })
        .await?;
    Ok(capped(Total::Exactly(count)))
}

/// A search that its first scan did not answer.
struct Search<'a> {
    reader: &'a Reader,
    deadline: &'a Deadline,
    query: &'a ListQuery,
    term: &'a SearchTerm,
    ends: Instant,
    is_indexed: bool,
    rate: Rate,
}

/// How common a term is.
#[derive(Clone, Copy)]
struct Rate {
    /// How many matches the first scan has seen.
    matches: u64,
    /// How many users it has looked at, if it did not end before.
    of: u64,
    row_nanoseconds: u64,
    /// How many users the list has, whatever is searched for.
    listed: u64,
    /// How many of them match, by the planner's statistics.
    all_matches: u64,
}

impl Rate {
    /// How long a scan takes to this many matches, if it goes on as it began.
    fn page_time(self, matches: u64) -> Option<Duration> {
        let rows = matches.saturating_mul(self.of).checked_div(self.matches)?;
        Some(self.scan_time(rows))
    }

    fn scan_time(self, rows: u64) -> Duration {
        Duration::from_nanos(rows.min(self.listed).saturating_mul(self.row_nanoseconds))
    }

    /// How many rows can be looked at in this time.
    fn rows_in(self, time: Duration) -> u64 {
        nanoseconds(time) / self.row_nanoseconds
    }

    fn trigram_time(self) -> Duration {
        Duration::from_nanos(self.all_matches.saturating_mul(MATCH_NANOSECONDS))
    }

    /// How long a scan takes that counts up to `most` matches.
    fn count_time(self, most: u64) -> Duration {
        self.scan_time(most.saturating_mul(self.listed) / self.all_matches)
    }

    /// Whether a scan counts up to `most` matches sooner than the indexes, which find all before the first is looked
    /// at.
    fn counts_by_scan(self, most: u64) -> bool {
        let looked_at = self.all_matches.min(most).saturating_mul(MATCH_NANOSECONDS);
        let found = self.all_matches.saturating_mul(FIND_NANOSECONDS);
        self.count_time(most) < Duration::from_nanos(found.saturating_add(looked_at))
    }
}

impl Search<'_> {
    /// The page, and how many matches are known of.
    async fn go_on(&self, scanned: Scanned) -> Result<(Page, u64), Error> {
        let wanted = self.query.rows_before() + u64::from(self.query.size) + 1;
        let by_index = self.rate.trigram_time();
        let uses_index = self.is_indexed && by_index < self.left() * 3 / 2;
        let by_scan = self.rate.page_time(wanted).filter(|scan| *scan < by_index);
        let time = match (uses_index, by_scan) {
            (false, _) => self.left(),
            // Matches may become fewer.
            (true, Some(scan)) => (2 * scan).min(self.left() / 2),
            (true, None) => by_index.min(self.left() / 2) / GAMBLE_SHARE,
        };
        let scanned = self.scan_on(scanned, time).await?;
        if scanned.stop == Stop::ScanLimit
            && uses_index
            && let Some(page) = self.trigram_search().await?
        {
            return Ok((page, scanned.matches));
        }
        let matches = scanned.matches;
        if scanned.stop == Stop::ScanLimit {
            return Ok((short(scanned, self.query)?, matches));
        }
        Ok((scanned.page, matches))
    }

    /// Scans again, as far as `time` allows, or gives back what was found before.
    async fn scan_on(&self, before: Scanned, time: Duration) -> Result<Scanned, Error> {
        let scan_limit = u32::try_from(self.rate.rows_in(time)).unwrap_or(u32::MAX);
        if scan_limit <= self.query.scan_limit {
            return Ok(before);
        }
        let longer = ListQuery {
            scan_limit,
            ..self.query.clone()
        };
        let longer = &longer;
        let scanned = self
            .reader
            .read_briefly(self.deadline, 2 * time, |mut lease| async move {
                (list::scan(&mut lease, longer).await, lease)
            })
            .await?;
        Ok(scanned.unwrap_or(before))
    }

    /// The page from all matches, if they are found in the time that is left.
    async fn trigram_search(&self) -> Result<Option<Page>, Error> {
        let (query, term) = (self.query, self.term);
        let time = self.left();
        self.reader
            .read_briefly(self.deadline, time, |mut lease| async move {
                (list::trigram_search(&mut lease, query, term).await, lease)
            })
            .await
    }

    async fn count_capped(&self, matches: u64) -> Result<Total, Error> {
        let count = self
            .count(COUNT_CAP + 1, self.left().max(MIN_COUNT_TIME))
            .await?;
        Ok(capped(count.unwrap_or(Total::AtLeast(matches))))
    }

    async fn count_exactly(&self, matches: u64) -> Result<Total, Error> {
        let time = self.deadline.remaining() / COUNT_SHARE;
        let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
        match self.count(most, time).await? {
            Some(total @ Total::Exactly(_)) => Ok(total),
            Some(Total::AtLeast(count)) => Ok(capped(Total::AtLeast(count.max(matches)))),
            None => Ok(capped(Total::AtLeast(matches))),
        }
    }

    /// Counts up to `most` matches in the way that should end first, or `None` if that takes longer than
    /// `time`. A scan that would take much longer is not begun.
    async fn count(&self, most: u64, time: Duration) -> Result<Option<Total>, Error> {
        let (query, term) = (self.query, self.term);
        let count = if !self.is_indexed || self.rate.counts_by_scan(most) {
            if self.rate.count_time(most) > 2 * time {
                return Ok(None);
            }
            let scan_limit = self.rate.rows_in(time);
            let counted = self
                .reader
                .read_briefly(self.deadline, 2 * time, |mut lease| async move {
                    let counted =
                        list::count_by_scan(&mut lease, query, term, scan_limit, most).await;
                    (counted, lease)
                })
                .await?;
            if scan_limit < self.rate.listed {
                return Ok(counted.map(Total::AtLeast));
            }
            counted
        } else {
            self.reader
                .read_briefly(self.deadline, time, |mut lease| async move {
                    let counted = list::count_by_trigrams(&mut lease, query, term, most).await;
                    (counted, lease)
                })
                .await?
        };
        Ok(count.map(|count| {
            if count < most {
                Total::Exactly(count)
            } else {
                Total::AtLeast(count)
            }
        }))
    }

    fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }
}

/// What a page lacks of being whole. A page by number has to know where it begins.
fn short(scanned: Scanned, query: &ListQuery) -> Result<Page, Error> {
    if scanned.matches < query.rows_before() {
        return Err(Error::invalid_request(
            "Parameter page is beyond what this search can count; continue with the next_cursor of an earlier page",
        ));
    }
    let mut page = scanned.page;
    page.is_complete = false;
    Ok(page)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn capped(total: Total) -> Total {
    match total {
        Total::Exactly(count) if count <= COUNT_CAP => total,
        Total::Exactly(count) | Total::AtLeast(count) => Total::AtLeast(count.min(COUNT_CAP)),
    }
}
