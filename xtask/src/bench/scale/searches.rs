//! Searches, from the rare to the common, in every order.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use shared::platform::config::{DatabaseConfig, SearchConfig, Variables};
use shared::platform::database::Database;
use shared::platform::deadline::Deadline;
use shared::store::listing;
use shared::users::{CountMode, Filter, ListQuery, Page, Position, SearchTerm, Total};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

use super::{
    cost::Cost,
    lists::{SIZE, orders},
    seed,
    watch::{HAND_IN, Watch},
};

/// As in functions/list-users.
const REACH: u32 = 10_000;

/// Terms, and what is hard about them. The last field tells whether the application's own search is
/// timed too: it takes as long for any term.
const TERMS: [(&str, &str, bool); 13] = [
    ("zz1234", "rare", true),
    ("linda.kowalski9", "rare, a longer piece", false),
    ("qqqqq", "absent", true),
    ("johnsonmary", "common pieces, absent together", false),
    ("花子", "two rare characters", false),
    ("son", "common", true),
    ("gmail.com", "two in five", false),
    ("oldcorp", "the oldest hundredth", false),
    ("harbour", "the last two of a hundred by username", false),
    ("volansen", "less than one in a thousand", false),
    ("a", "one common character", false),
    ("ł", "one rare character", false),
    ("qz", "two absent characters", false),
];

/// What was measured of one term.
pub(super) struct OfTerm {
    pub(super) term: &'static str,
    pub(super) what: &'static str,
    /// In all six orders.
    pub(super) ours: Cost,
    /// Of the order with the largest median.
    pub(super) worst: Cost,
    /// The fewest and the most users on a first page.
    pub(super) found: (usize, usize),
    /// The total of the default order.
    pub(super) total: Option<Total>,
    pub(super) seed: Option<Cost>,
}

pub(super) struct Searches {
    pub(super) terms: Vec<OfTerm>,
}

/// The whole way of a search but HTTP.
pub(super) struct Searcher {
    database: Database,
    config: SearchConfig,
}

impl Searcher {
    pub(super) fn new(config: &DatabaseConfig, options: PgConnectOptions) -> Result<Self> {
        Ok(Self {
            database: Database::new(config, options, None)?,
            config: SearchConfig::from_variables(&Variables::from([]))?,
        })
    }

    async fn page(&self, query: &ListQuery) -> Result<Page> {
        let deadline = Deadline::after(Duration::from_secs(28));
        Ok(listing::page(&self.database, &deadline, &self.config, query).await?)
    }

    async fn hand_in(&self) -> Result<()> {
        let deadline = Deadline::after(Duration::from_secs(28));
        let hand_in = self.database.read(&deadline, |mut lease| async move {
            let done = sqlx::query(HAND_IN).execute(&mut *lease).await;
            (done.map(drop), lease)
        });
        Ok(hand_in.await?)
    }
}

pub(super) async fn measure(
    searcher: &Searcher,
    seed: &mut PgConnection,
    watch: &mut Watch,
    rounds: u32,
) -> Result<Searches> {
    let mut terms = Vec::new();
    for (term, what, is_seed_timed) in TERMS {
        let Ok(parsed) = SearchTerm::parse(term) else {
            bail!("{term} is no term");
        };
        let mut cells = Vec::new();
        let mut found = (usize::MAX, 0);
        let mut total = None;
        for sort in orders() {
            let query = ListQuery {
                filter: Filter {
                    search: Some(parsed.clone()),
                    ..Filter::default()
                },
                sort,
                position: Position::Page(1),
                size: SIZE,
                count: CountMode::Capped,
                reach: REACH,
            };
            let (samples, page) = sample(searcher, watch, &query, rounds).await?;
            cells.push(samples);
            found = (found.0.min(page.users.len()), found.1.max(page.users.len()));
            total = total.or(page.total);
        }
        let seed = if is_seed_timed {
            let condition = seed::searched(term);
            let statements = seed::list(&condition, "created_at DESC, id DESC", 0);
            Some(seed::sample(seed, watch, &statements).await?)
        } else {
            None
        };
        let worst = cells.iter().max_by_key(|cell| cell.median());
        terms.push(OfTerm {
            term,
            what,
            ours: Cost::pooled(&cells),
            worst: worst.cloned().unwrap_or_default(),
            found,
            total,
            seed,
        });
    }
    Ok(Searches { terms })
}

async fn sample(
    searcher: &Searcher,
    watch: &mut Watch,
    query: &ListQuery,
    rounds: u32,
) -> Result<(Cost, Page)> {
    for _ in 0..2 {
        searcher.page(query).await?;
    }
    searcher.hand_in().await?;
    let before = watch.pages().await?;
    let mut times = Vec::new();
    for _ in 1..rounds {
        let started = Instant::now();
        searcher.page(query).await?;
        times.push(started.elapsed());
    }
    let page = searcher.page(query).await?;
    searcher.hand_in().await?;
    Ok((Cost::new(times, watch.pages().await? - before), page))
}
