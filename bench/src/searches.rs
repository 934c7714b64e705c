//! Searches for terms of every frequency, in all orders: whether pages are full and totals right, and how
//! long they take, beside ILIKE and among other clients.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::try_join_all;
use servers::Postgres;
use shared::store::listing;
use shared::users::{
    CountMode, Filter, ListQuery, Page, Position, SearchTerm, Sort, SortBy, SortOrder, Total,
};
use sqlx::Executor as _;

use crate::fixture;
use crate::report::{Samples, milliseconds, number, say, table};
use crate::scale::{self, PAGE, SCAN_LIMIT, Session, list, seed_list, server};

/// Rare and common terms, absent ones, with and without trigrams, of one word and of two. The users of some
/// stand together: near the beginning, in the middle, or at the end by time or by name. Behind a term with
/// accents taken off is what ILIKE has to be asked for.
const TERMS: [(&str, &[&str]); 30] = [
    ("zz1234", &["zz1234"]),
    ("qqqqq", &["qqqqq"]),
    ("linda.kowalski9", &["linda.kowalski9"]),
    ("linda kowalski", &["linda", "kowalski"]),
    ("smith @gmail maria", &["smith", "@gmail", "maria"]),
    ("johnsonmary", &["johnsonmary"]),
    ("volansen", &["volansen"]),
    ("花子", &["花子"]),
    ("muller", &["müller"]),
    ("newcorp", &["newcorp"]),
    ("midcorp", &["midcorp"]),
    ("oldcorp", &["oldcorp"]),
    ("amanda", &["amanda"]),
    ("michelle", &["michelle"]),
    ("zelda", &["zelda"]),
    ("harbour", &["harbour"]),
    ("mary", &["mary"]),
    ("son", &["son"]),
    ("gmail.com", &["gmail.com"]),
    ("example", &["example"]),
    ("a", &["a"]),
    ("qz", &["qz"]),
    ("jo", &["jo"]),
    ("ge", &["ge"]),
    ("花", &["花"]),
    ("ma 花", &["ma", "花"]),
    ("li sm", &["li", "sm"]),
    ("q", &["q"]),
    ("+", &["+"]),
    ("(", &["("]),
];

/// Clients that search at the same time, and for how long.
const CLIENTS: usize = 16;
const CROWDED: Duration = Duration::from_secs(20);

/// A term and how many users match.
struct Search {
    name: String,
    term: SearchTerm,
    matches: u64,
    seed: f64,
}

pub async fn run(rounds: u32, sizes: &[u32]) -> Result<String> {
    let postgres = server()?;
    let (mut rows, mut crowds) = (Vec::new(), Vec::new());
    for &users in sizes {
        say(&format!("{users} users"));
        let mut session = Session::open(&postgres, users).await?;
        let mut searches = Vec::new();
        for (term, words) in TERMS {
            searches.push(Search::of(&mut session, term, words).await?);
        }
        let email: String = sqlx::query_scalar("SELECT email FROM users WHERE id = $1")
            .bind(i64::from(users / 2))
            .fetch_one(&mut session.connection)
            .await?;
        let one = Search::of(&mut session, &email, &[&email]).await?;
        searches.push(Search {
            name: "an email".to_owned(),
            ..one
        });
        let mut all = Outcomes::default();
        for search in &searches {
            let mut outcomes = Outcomes::default();
            for query in orders(search) {
                outcomes.measure(&session, search, &query, rounds).await?;
            }
            rows.push(outcomes.row(users, search));
            all.add(outcomes);
        }
        rows.push(all.summary(users));
        crowds.extend(crowd(&postgres, users, &session, &searches).await?);
        session.close(&postgres).await?;
    }
    let conditions = fixture::conditions(&postgres);
    let seconds = CROWDED.as_secs();
    Ok([
        table(
            &format!(
                "{conditions}, all data in memory, one connection, {rounds} rounds. First pages of {PAGE} in six \
                 orders. Times in ms.",
            ),
            "users | search | matches | full pages | right totals | median / 99th | worst | ILIKE",
            &rows,
        ),
        table(
            &format!("{conditions}, {seconds} s each. Times in ms."),
            "users | clients | searches | short or failed | median / 99th | worst | lists | median / 99th | worst",
            &crowds,
        ),
    ]
    .join("\n"))
}

impl Search {
    /// Counts the matches, and times the application's own search for them.
    async fn of(session: &mut Session, term: &str, words: &[&str]) -> Result<Self> {
        let conditions: Vec<_> = words
            .iter()
            .map(|word| {
                format!(
                    "(username ILIKE '%{word}%' OR email ILIKE '%{word}%' OR full_name ILIKE '%{word}%')"
                )
            })
            .collect();
        let condition = conditions.join(" AND ");
        let [page, count] = seed_list(&condition, 0);
        let started = Instant::now();
        session.connection.fetch_all(page.as_str()).await?;
        let matches: i64 = sqlx::query_scalar(&count)
            .fetch_one(&mut session.connection)
            .await?;
        Ok(Self {
            name: format!("`{term}`"),
            term: SearchTerm::parse(term).ok().context("this is not a term")?,
            matches: u64::try_from(matches)?,
            seed: milliseconds(started.elapsed()),
        })
    }

    fn is_full(&self, page: &Page) -> bool {
        let users = u64::try_from(page.users.len()).unwrap_or(u64::MAX);
        users == self.matches.min(u64::from(PAGE))
    }

    fn is_total_right(&self, page: &Page) -> bool {
        let cap = listing::COUNT_CAP;
        let right = if self.matches > cap {
            Total::AtLeast(cap)
        } else {
            Total::Exactly(self.matches)
        };
        page.total == Some(right)
    }
}

fn orders(search: &Search) -> Vec<ListQuery> {
    let filter = Filter {
        search: Some(search.term.clone()),
        ..Filter::default()
    };
    scale::orders()
        .map(|sort| first_page(filter.clone(), sort))
        .collect()
}

fn first_page(filter: Filter, sort: Sort) -> ListQuery {
    ListQuery {
        filter,
        sort,
        position: Position::Page(1),
        size: PAGE,
        count: CountMode::Capped,
        scan_limit: SCAN_LIMIT,
    }
}

/// What came of searches.
#[derive(Default)]
struct Outcomes {
    times: Samples,
    pages: u32,
    full: u32,
    right: u32,
}

impl Outcomes {
    /// A page counts as full if it was so in every round.
    async fn measure(
        &mut self,
        session: &Session,
        search: &Search,
        query: &ListQuery,
        rounds: u32,
    ) -> Result<()> {
        let (mut is_full, mut is_right) = (true, true);
        // The server tries a statement five times before it keeps a plan.
        for round in 0..7 + rounds {
            let started = Instant::now();
            let page = list(&session.database, &session.search, query).await?;
            is_full &= search.is_full(&page);
            is_right &= search.is_total_right(&page);
            if round >= 7 {
                self.times.0.push(milliseconds(started.elapsed()));
            }
        }
        self.pages += 1;
        self.full += u32::from(is_full);
        self.right += u32::from(is_right);
        Ok(())
    }

    fn add(&mut self, other: Self) {
        self.times.0.extend(other.times.0);
        self.pages += other.pages;
        self.full += other.full;
        self.right += other.right;
    }

    fn row(&self, users: u32, search: &Search) -> Vec<String> {
        let mut row = self.summary(users);
        row[1].clone_from(&search.name);
        row[2] = search.matches.to_string();
        row[7] = number(search.seed);
        row
    }

    fn summary(&self, users: u32) -> Vec<String> {
        let of = |count: u32| format!("{count} of {}", self.pages);
        vec![
            users.to_string(),
            "all".to_owned(),
            String::new(),
            of(self.full),
            of(self.right),
            self.times.spread(),
            number(self.times.percentile(100)),
            String::new(),
        ]
    }
}

/// A client that lists, alone, beside one that searches, and beside many.
async fn crowd(
    postgres: &Postgres,
    users: u32,
    session: &Session,
    searches: &[Search],
) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for clients in [0, 1, CLIENTS] {
        let ends = Instant::now() + CROWDED;
        let databases = (0..clients).map(|_| Session::database(postgres, users));
        let databases = databases.collect::<Result<Vec<_>>>()?;
        let search = async |number: usize| {
            let mut random = fastrand::Rng::with_seed(u64::try_from(number)?);
            let (mut times, mut short) = (Vec::new(), 0_u32);
            while Instant::now() < ends {
                let search = &searches[random.usize(..searches.len())];
                let query = &orders(search)[random.usize(..6)];
                let started = Instant::now();
                let page = list(&databases[number], &session.search, query).await;
                times.push(milliseconds(started.elapsed()));
                let is_right = page.is_ok_and(|page| search.is_full(&page));
                short += u32::from(!is_right);
            }
            anyhow::Ok((times, short))
        };
        let lists = async {
            let sort = Sort {
                by: SortBy::CreatedAt,
                order: SortOrder::Descending,
            };
            let query = first_page(Filter::default(), sort);
            let mut times = Vec::new();
            while Instant::now() < ends {
                let started = Instant::now();
                list(&session.database, &session.search, &query).await?;
                times.push(milliseconds(started.elapsed()));
            }
            anyhow::Ok(Samples(times))
        };
        let (found, lists) =
            futures_util::try_join!(try_join_all((0..clients).map(&search)), lists)?;
        let short: u32 = found.iter().map(|(_, short)| short).sum();
        let times = Samples(found.into_iter().flat_map(|(times, _)| times).collect());
        let figures = |samples: &Samples| {
            [
                samples.0.len().to_string(),
                samples.spread(),
                number(samples.percentile(100)),
            ]
        };
        let [count, spread, worst] = figures(&times);
        let mut row = vec![users.to_string(), clients.to_string()];
        if clients == 0 {
            row.extend(vec![String::new(); 4]);
        } else {
            row.extend([count, short.to_string(), spread, worst]);
        }
        row.extend(figures(&lists));
        rows.push(row);
        for database in databases {
            database.close().await;
        }
    }
    Ok(rows)
}
