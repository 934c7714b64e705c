//! Statistics and lists, from a small table to a large one, beside the queries of an
//! application that began with such a table: OFFSET, and a count with every page.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::TryStreamExt as _;
use servers::{Postgres, PostgresOptions};
use shared::platform::config::UsersTable;
use shared::platform::config::{DatabaseConfig, SearchConfig, Variables};
use shared::platform::database::{Database, connect_options, parse_url};
use shared::platform::deadline::Deadline;
use shared::store::stats::count_users;
use shared::store::{listing, migrations};
use shared::users::{
    CountMode, Cursor, Direction, Filter, ListQuery, Page, Position, Sort, SortBy, SortKey,
    SortOrder,
};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::fixture;
use crate::report::{Samples, milliseconds, number, say, table};

/// Users of one page.
pub const PAGE: u32 = 50;

/// How many users a search looks at one by one, as in functions/users.
pub const SCAN_LIMIT: u32 = 2_000;

/// Where a page lies.
#[derive(Clone, Copy)]
enum Place {
    Number(u32),
    /// Beside a user after nine tenths of the list.
    Deep(Direction),
    Last,
}

const PLACES: [(&str, Place); 5] = [
    ("first page", Place::Number(1)),
    ("10,000 deep by number", Place::Number(10_000 / PAGE)),
    ("after nine tenths, by cursor", Place::Deep(Direction::Next)),
    ("the one before that", Place::Deep(Direction::Previous)),
    ("last page", Place::Last),
];

pub async fn run(rounds: u32, sizes: &[u32]) -> Result<String> {
    let postgres = server()?;
    let mut rows = Vec::new();
    for &users in sizes {
        say(&format!("{users} users"));
        let mut session = Session::open(&postgres, users).await?;
        rows.push(statistics(&mut session, users, rounds * 100).await?);
        for (name, place) in PLACES {
            let samples = pages(&mut session, rounds, &flags(), place).await?;
            let offset = match place {
                Place::Number(number) => (number - 1) * PAGE,
                Place::Deep(_) => users / 10 * 9,
                Place::Last => users - PAGE,
            };
            let seed = session.seed(&seed_list("TRUE", offset)).await?;
            rows.push(row(users, name, &samples, Some(&seed)));
        }
        session.close(&postgres).await?;
    }
    let conditions = format!(
        "{}, all data in memory, one connection, {rounds} rounds. Median / 99th percentile in ms.",
        fixture::conditions(&postgres),
    );
    let head = "users | query | all | worst | newest first | seed | times as fast";
    Ok(table(&conditions, head, &rows))
}

/// A server that has all data in memory.
pub fn server() -> Result<Postgres> {
    let options = PostgresOptions::temporary()
        .setting("shared_buffers", "6GB")
        .setting("max_wal_size", "16GB")
        .setting("maintenance_work_mem", "1GB")
        .setting("checkpoint_timeout", "1h")
        .setting("autovacuum", "off");
    Postgres::start(&options)
}

/// A table of this size: one connection as the functions have it, and one for the application.
pub struct Session {
    pub database: Database,
    pub search: SearchConfig,
    pub connection: PgConnection,
    users: u32,
}

impl Session {
    /// Makes the users and adopts their table as a deploy does.
    pub async fn open(postgres: &Postgres, users: u32) -> Result<Self> {
        let mut connection = fixture::create(postgres, &name(users), "template1").await?;
        connection.execute(fixture::GENERATOR).await?;
        let script = include_str!("../seed.sql").replace("{users}", &users.to_string());
        connection
            .execute(script.as_str())
            .await
            .context("cannot make the users")?;
        migrations::up(&mut connection, &UsersTable::Unspecified).await?;
        connection.execute("CHECKPOINT").await?;
        fixture::settle(&mut connection).await?;
        Ok(Self {
            database: Self::database(postgres, users)?,
            search: SearchConfig::from_variables(&Variables::from([]))?,
            connection,
            users,
        })
    }

    /// One more connection as the functions have it.
    pub fn database(postgres: &Postgres, users: u32) -> Result<Database> {
        let url = postgres.url(&name(users));
        let config =
            DatabaseConfig::for_migrations(&Variables::from([("DATABASE_URL", url.as_str())]))?;
        let options = connect_options(&config, parse_url("DATABASE_URL", &url)?, "bench");
        Ok(Database::new(&config, options, None)?)
    }

    /// Drops the table.
    pub async fn close(self, postgres: &Postgres) -> Result<()> {
        self.database.close().await;
        self.connection.close().await?;
        let mut server = fixture::connect(postgres, "postgres").await?;
        let name = name(self.users);
        server
            .execute(format!("DROP DATABASE {name} WITH (FORCE)").as_str())
            .await?;
        Ok(())
    }

    async fn page(&self, rounds: u32, query: &ListQuery) -> Result<Samples> {
        // The server tries a statement five times before it keeps a plan.
        let page = async || list(&self.database, &self.search, query).await.map(drop);
        sample(7, rounds, page).await
    }

    /// Statements of the application, read to the end of their answers.
    async fn seed(&mut self, statements: &[String]) -> Result<Samples> {
        let all = async || {
            for statement in statements {
                let mut rows = sqlx::query(statement).fetch(&mut self.connection);
                while rows.try_next().await?.is_some() {}
            }
            Ok(())
        };
        sample(1, 3, all).await
    }
}

fn name(users: u32) -> String {
    format!("users_{users}")
}

async fn sample(
    warm_up: u32,
    rounds: u32,
    mut query: impl AsyncFnMut() -> Result<()>,
) -> Result<Samples> {
    let mut samples = Samples::default();
    for round in 0..warm_up + rounds {
        let started = Instant::now();
        query().await?;
        if round >= warm_up {
            samples.0.push(milliseconds(started.elapsed()));
        }
    }
    Ok(samples)
}

/// A page as a function makes it.
pub async fn list(database: &Database, search: &SearchConfig, query: &ListQuery) -> Result<Page> {
    Ok(listing::page(&database.reader(None), &deadline(), search, query).await?)
}

pub fn deadline() -> Deadline {
    Deadline::after(Duration::from_mins(2))
}

/// They take so little time that it matters how fast a core wakes up, hence the many rounds.
async fn statistics(session: &mut Session, users: u32, rounds: u32) -> Result<Vec<String>> {
    let one_scan = "SELECT
            count(*),
            count(*) FILTER (WHERE is_active),
            count(*) FILTER (WHERE NOT is_active),
            count(*) FILTER (WHERE is_superuser),
            count(*) FILTER (WHERE created_at >= date_trunc('day', now(), 'UTC')),
            count(*) FILTER (WHERE created_at >= now() - INTERVAL '168 hours')
        FROM seed.users";
    let seed = session.seed(&[one_scan.to_owned()]).await?;
    let count = async || {
        let deadline = deadline();
        let count = session.database.read(&deadline, |mut lease| async move {
            (count_users(&mut lease).await, lease)
        });
        count.await?;
        Ok(())
    };
    let ours = sample(rounds, rounds, count).await?;
    Ok(row(users, "statistics", &[ours], Some(&seed)))
}

/// All combinations of flags; the first is none.
fn flags() -> Vec<Filter> {
    let flags = [None, Some(true), Some(false)];
    let filters = flags.into_iter().flat_map(|is_active| {
        flags.map(|is_superuser| Filter {
            is_active,
            is_superuser,
            ..Filter::default()
        })
    });
    filters.collect()
}

/// The six orders; the first is newest first.
pub fn orders() -> impl Iterator<Item = Sort> {
    [SortBy::CreatedAt, SortBy::Username, SortBy::Email]
        .into_iter()
        .flat_map(|by| {
            [SortOrder::Descending, SortOrder::Ascending].map(|order| Sort { by, order })
        })
}

/// Pages with these filters, each in six orders; the first is newest first.
async fn pages(
    session: &mut Session,
    rounds: u32,
    filters: &[Filter],
    place: Place,
) -> Result<Vec<Samples>> {
    let mut samples = Vec::new();
    for filter in filters {
        for sort in orders() {
            let query = ListQuery {
                filter: filter.clone(),
                sort,
                position: position(&mut session.connection, place, filter, sort).await?,
                size: PAGE,
                count: CountMode::Capped,
                scan_limit: SCAN_LIMIT,
            };
            samples.push(session.page(rounds, &query).await?);
        }
    }
    Ok(samples)
}

/// The times of a query in all its filters and orders; the first is newest first without flags.
fn row(users: u32, name: &str, samples: &[Samples], seed: Option<&Samples>) -> Vec<String> {
    let all = Samples(samples.iter().flat_map(|each| each.0.clone()).collect());
    let by_median = |one: &&Samples, other: &&Samples| one.median().total_cmp(&other.median());
    let worst = samples.iter().max_by(by_median).unwrap_or(&all);
    vec![
        users.to_string(),
        name.to_owned(),
        all.spread(),
        worst.spread(),
        samples[0].spread(),
        seed.map(Samples::spread).unwrap_or_default(),
        seed.map(|seed| number(seed.median() / samples[0].median()))
            .unwrap_or_default(),
    ]
}

/// A page of the application, and the count that comes with it.
pub fn seed_list(condition: &str, offset: u32) -> [String; 2] {
    let page = format!(
        "SELECT id, email, username, full_name, is_active, is_superuser, created_at, updated_at
         FROM seed.users
         WHERE {condition}
         ORDER BY created_at DESC, id DESC
         LIMIT {PAGE} OFFSET {offset}"
    );
    [
        page,
        format!("SELECT count(*) FROM seed.users WHERE {condition}"),
    ]
}

/// The cursor of a deep page has the key of a user that a sample of the table has.
async fn position(
    connection: &mut PgConnection,
    place: Place,
    filter: &Filter,
    sort: Sort,
) -> Result<Position> {
    let (direction, share) = match place {
        Place::Number(number) => return Ok(Position::Page(number)),
        Place::Deep(direction) => (direction, 0.9),
        Place::Last => (Direction::Previous, 1.0),
    };
    let key = match sort.by {
        SortBy::CreatedAt => "created_at",
        SortBy::Username => r#"lower(username COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Email => r#"lower(email COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Id => "id",
    };
    let condition = |column: &str, flag: Option<bool>| {
        flag.map_or("TRUE".to_owned(), |flag| format!("{column} = {flag}"))
    };
    let statement = format!(
        "SELECT percentile_disc({share}) WITHIN GROUP (ORDER BY {key} {})
         FROM users TABLESAMPLE SYSTEM (10) REPEATABLE (1)
         WHERE {} AND {}",
        sort.order.as_str(),
        condition("is_active", filter.is_active),
        condition("is_superuser", filter.is_superuser),
    );
    // A filter that nobody in the sample passes begins anywhere.
    let key = if sort.by == SortBy::CreatedAt {
        let time = sqlx::query_scalar(&statement).fetch_one(connection).await?;
        SortKey::Time(Option::unwrap_or_default(time))
    } else {
        let text = sqlx::query_scalar(&statement).fetch_one(connection).await?;
        SortKey::Text(Option::unwrap_or_default(text))
    };
    Ok(Position::Cursor(Cursor {
        direction,
        key,
        id: i64::MAX.into(),
    }))
}
