use std::time::Duration;

use rig::TestDatabase;
use shared::{
    platform::{
        config::{DatabaseConfig, SearchConfig, Variables},
        database::{Database, Lease, parse_url},
        deadline::Deadline,
        error::Error,
    },
    store::{list, listing},
    users::{
        CountMode, Filter, ListQuery, Page, Position, SearchTerm, Sort, SortBy, SortOrder, Total,
        UserId,
    },
};
use sqlx::{Executor, PgConnection};

/// Names that differ in case, accents, script, length and white space, characters that LIKE and regular
/// expressions mean something by, and letters whose case depends on a language or on where they stand. The
/// last username ends in the sign for Kelvin.
const DATA: &str = "
    INSERT INTO users (email, username, full_name, is_active, is_superuser, created_at)
    SELECT
        'mail' || n || '@' || (ARRAY['Example.com', 'straße.example', 'x_y.example'])[1 + n % 3],
        (ARRAY['Jürgen', 'josé', 'İpek', '名前', 'Zoë.', 'under_score', 'plus+\u{212a}'])[1 + n % 7] || n,
        (ARRAY['100% Ana', 'back\\slash', NULL, 'Anna \u{a0}\t Maria', 'O''Brien', 'ΟΔΥΣΣΕΎΣ Κώστας',
            'Οδυσσευσ ΚΩΣΤΑΣ', 'Σ.*(\\[σ]{ς', 'Фёдор Андреевич', 'Yıldız Łucja', 'が 각'])[1 + (n / 2) % 11],
        n % 3 > 0,
        n % 11 = 0,
        TIMESTAMPTZ '2026-01-01 00:00:00Z' + (n / 7) * INTERVAL '1 minute'
    FROM generate_series(1, 2000) AS n";

const TERMS: [&str; 58] = [
    "ana",
    "ANNA",
    "a",
    "名",
    "名前1",
    "jürgen",
    "JURGEN",
    "é",
    "İ",
    "i",
    "ipek",
    "PEK1",
    "plus+k1",
    "straße",
    "STRASSE",
    "_",
    "%",
    r"\",
    "100% A",
    "mail1",
    "o'brien",
    "nobody",
    "example.com",
    "jose\u{301}",
    "Jose",
    "ΟΔΥΣΣΕΥΣ",
    "οδυσσευς",
    "Οδυσσευσ κ",
    "ΟΔΥΣΣ",
    "σσευ",
    "ΚΏΣΤΑΣ",
    "κωστας",
    "ς",
    r"σ.*(\[ς]{Σ",
    "ς.",
    "федор",
    "АНДРЕИ",
    "YILDIZ",
    "yıldiz",
    "lucja",
    "か",
    "가",
    "각",
    "maria jurgen",
    "1 ANNA @example 9",
    "9 x_y zoe 1",
    "ür",
    "o'",
    ".e",
    "ос",
    "前1",
    "名 k1",
    "\"が 각\"",
    "\\s",
    "yil buc",
    "\"anna maria\"",
    "\"NNA M\"",
    "\"maria anna\"",
];

const FLAGS: [Option<bool>; 3] = [None, Some(true), Some(false)];

#[tokio::test]
async fn a_walk_finds_what_reading_finds_forward_and_back_however_short_its_reach() {
    let database = TestDatabase::create().await.unwrap();
    fill(&database).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for (term, sort) in grid() {
        let filter = filter(&mut random, term);
        let expected = found_by_reading(&mut connection, &filter, sort).await;
        let list = ListQuery {
            filter,
            sort,
            position: Position::Page(1),
            size: random.u32(1..400),
            count: CountMode::None,
            scan_limit: random.u32(90..2_500),
        };
        let (forward, last_page) = walk(&mut connection, &list).await;
        assert_eq!(forward, expected, "{list:?}");

        let mut back: Vec<UserId> = ids(&last_page).rev().collect();
        let mut previous = last_page.previous;
        while let Some(cursor) = previous {
            let position = Position::Cursor(cursor);
            let query = ListQuery {
                position,
                ..list.clone()
            };
            let page = list::scan(&mut connection, &query).await.unwrap().page;
            back.extend(ids(&page).rev());
            assert!(back.len() <= expected.len(), "the walk goes in circles");
            previous = page.previous;
        }
        back.reverse();
        assert_eq!(back, expected, "back: {list:?}");
    }
}

#[tokio::test]
async fn a_search_that_walks_or_collects_has_the_rows_and_the_total_that_reading_finds() {
    let database = TestDatabase::create().await.unwrap();
    fill(&database).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let mut random = fastrand::Rng::with_seed(8);
    let searcher = Searcher::on(&database);
    for (term, sort) in grid() {
        let filter = filter(&mut random, term);
        let expected = found_by_reading(&mut connection, &filter, sort).await;
        for scan_limit in [50, 10_000] {
            let mut list = ListQuery {
                filter: filter.clone(),
                sort,
                position: Position::Page(1),
                size: random.u32(20..400),
                count: CountMode::Exact,
                scan_limit,
            };
            let mut found = Vec::new();
            loop {
                let page = searcher.page(&list).await.unwrap();
                let total = u64::try_from(expected.len()).unwrap();
                assert_eq!(page.total, Some(Total::Exactly(total)), "{list:?}");
                let left = expected.len() - found.len();
                let size = usize::try_from(list.size).unwrap();
                assert_eq!(page.users.len(), size.min(left), "{list:?}");
                assert!(page.is_complete, "{list:?}");
                found.extend(ids(&page));
                assert!(found.len() <= expected.len(), "the walk goes in circles");
                match page.next {
                    Some(cursor) => list.position = Position::Cursor(cursor),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{list:?}");
        }
    }
}

#[tokio::test]
async fn a_walk_meets_every_row_once_while_others_are_added() {
    let database = TestDatabase::create().await.unwrap();
    fill(&database).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let mut random = fastrand::Rng::with_seed(9);
    for (term, sort) in grid() {
        let filter = filter(&mut random, term);
        let expected = found_by_reading(&mut connection, &filter, sort).await;
        let mut list = ListQuery {
            filter,
            sort,
            position: Position::Page(1),
            size: random.u32(10..300),
            count: CountMode::None,
            scan_limit: random.u32(200..2_500),
        };
        connection.execute("BEGIN").await.unwrap();
        let mut found = Vec::new();
        loop {
            let page = list::scan(&mut connection, &list).await.unwrap().page;
            found.extend(ids(&page).filter(|id| *id <= 2_000.into()));
            match page.next {
                Some(cursor) => list.position = Position::Cursor(cursor),
                None => break,
            }
            if found.len() < expected.len() {
                let n = random.u32(10_000..);
                connection.execute(more(n).as_str()).await.unwrap();
            }
        }
        assert_eq!(found, expected, "{list:?}");
        connection.execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_search_without_time_says_that_its_page_is_short_and_leads_on() {
    let database = TestDatabase::create().await.unwrap();
    fill(&database).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let searcher = Searcher {
        time: Duration::ZERO,
        ..Searcher::on(&database)
    };
    // No index has punctuation alone.
    let mut list = ListQuery {
        filter: Filter {
            search: Some(SearchTerm::parse("%").unwrap()),
            ..Filter::default()
        },
        sort: Sort {
            by: SortBy::Email,
            order: SortOrder::Descending,
        },
        position: Position::Page(1),
        size: 50,
        count: CountMode::Capped,
        scan_limit: 300,
    };
    let page = searcher.page(&list).await.unwrap();
    assert!(page.users.len() < 50 && page.next.is_some());
    assert!(!page.is_complete);
    let found = found_by_reading(&mut connection, &list.filter, list.sort).await;
    let total = u64::try_from(found.len()).unwrap();
    assert_eq!(page.total, Some(Total::Exactly(total)));
    list.position = Position::Page(3);
    let error = searcher.page(&list).await.unwrap_err();
    assert_eq!(error.public().code, "invalid_request");
    assert!(error.public().message.contains("next_cursor"), "{error}");
}

#[tokio::test]
async fn no_search_reads_more_than_its_reach_or_finds_by_anything_but_an_index() {
    let database = TestDatabase::create().await.unwrap();
    let insert = DATA.replace("2000", "30000");
    for statement in [insert.as_str(), "CHECKPOINT", "VACUUM ANALYZE users"] {
        database.pool().execute(statement).await.unwrap();
    }
    let mut connection = database.pool().acquire().await.unwrap();
    let scan_limit = 700;
    for (term, sort) in grid() {
        let list = ListQuery {
            filter: Filter {
                search: Some(SearchTerm::parse(term).unwrap()),
                ..Filter::default()
            },
            sort,
            position: Position::Page(1),
            size: 20,
            count: CountMode::None,
            scan_limit,
        };
        let walked = touched(&mut connection, async |connection| {
            list::scan(connection, &list).await.unwrap();
        })
        .await;
        assert_eq!(walked.seq_scans, 0, "{list:?}");
        // Four ranges are read to the end of the scan_limit, once to look and once to find the end, and may be
        // read one row further; before that to their first row. The page has keys of its own.
        let most = i64::from(2 * (scan_limit + 4) + 4 + list.size + 2);
        assert!(
            walked.index_entries <= most,
            "{} {list:?}",
            walked.index_entries
        );
        let term = list.filter.search.as_ref().unwrap();
        if !list::is_indexed(term) {
            continue;
        }
        let collected = touched(&mut connection, async |connection| {
            list::trigram_search(connection, &list, term).await.unwrap();
        })
        .await;
        assert_eq!(collected.seq_scans, 0, "{list:?}");
        let by_others = collected.index_entries - collected.trigram_entries;
        assert!(
            by_others <= i64::from(list.size) + 1,
            "{by_others} {list:?}"
        );
    }
}

#[tokio::test]
async fn one_or_two_characters_are_found_by_an_index_whatever_stands_beside_them() {
    /// Plain letters of four alphabets, digits and punctuation, letters that fold to others, and characters that are
    /// not plain, all of them beside each other.
    const CHARACTERS: [char; 16] = [
        'a', 'z', '7', '.', '\'', '\\', 'É', 'ß', 'æ', 'Ж', 'ς', '花', 'が', '각', '🙂', '’',
    ];
    let database = TestDatabase::create().await.unwrap();
    let mut random = fastrand::Rng::with_seed(10);
    let mut text = || -> String {
        let letters = (0..random.usize(1..6)).map(|_| *random.choice(&CHARACTERS).unwrap());
        letters.collect()
    };
    let names: Vec<_> = (0..1_000).map(|_| text()).collect();
    // What separates pairs in the index does no harm in a name.
    let insert = "INSERT INTO users (email, username, full_name)
        SELECT n || '@花.example', name || n, CASE WHEN n % 3 > 0 THEN reverse(name) || E'\\x02' END
        FROM unnest($1::text[]) WITH ORDINALITY AS names (name, n)";
    let inserted = sqlx::query(insert).bind(names).execute(database.pool());
    inserted.await.unwrap();
    let mut connection = database.pool().acquire().await.unwrap();
    let second = CHARACTERS.map(Some).into_iter().chain([None]);
    let terms = second.flat_map(|second| CHARACTERS.map(|first| [Some(first), second]));
    let mut indexed = 0;
    for term in terms {
        let term: String = term.into_iter().flatten().collect();
        let term = SearchTerm::parse(&term).unwrap();
        if !list::is_indexed(&term) {
            continue;
        }
        indexed += 1;
        let list = ListQuery {
            filter: Filter {
                search: Some(term.clone()),
                ..Filter::default()
            },
            sort: Sort {
                by: SortBy::Username,
                order: SortOrder::Ascending,
            },
            position: Position::Page(1),
            size: 1_000,
            count: CountMode::Exact,
            scan_limit: 2_000,
        };
        let scanned = list::scan(&mut connection, &list).await.unwrap().page;
        connection.execute("BEGIN").await.unwrap();
        let found = list::trigram_search(&mut connection, &list, &term).await;
        connection.execute("ROLLBACK").await.unwrap();
        let found = found.unwrap();
        assert!(ids(&found).eq(ids(&scanned)), "{term:?}");
        assert_eq!(found.total, scanned.total, "{term:?}");
    }
    // All but single plain characters and pairs of two that begin with punctuation.
    assert!(indexed > 200, "{indexed}");
}

#[tokio::test]
async fn a_table_with_ids_of_four_bytes_is_searched_in_both_ways() {
    let database = TestDatabase::create().await.unwrap();
    fill(&database).await;
    let narrower = "ALTER TABLE users ALTER COLUMN id TYPE integer";
    database.pool().execute(narrower).await.unwrap();
    let searcher = Searcher::on(&database);
    for scan_limit in [50, 10_000] {
        let list = ListQuery {
            filter: Filter {
                search: Some(SearchTerm::parse("mail1999").unwrap()),
                ..Filter::default()
            },
            sort: Sort {
                by: SortBy::CreatedAt,
                order: SortOrder::Ascending,
            },
            position: Position::Page(1),
            size: 20,
            count: CountMode::Exact,
            scan_limit,
        };
        let page = searcher.page(&list).await.unwrap();
        assert_eq!(ids(&page).collect::<Vec<_>>(), [UserId::from(1_999)]);
    }
}

#[tokio::test]
async fn a_query_that_is_given_up_leaves_the_connection_to_others() {
    async fn sleep(mut lease: Lease, seconds: f64) -> (Result<i32, sqlx::Error>, Lease) {
        let slept = sqlx::query_scalar("SELECT 1 FROM pg_sleep($1)")
            .bind(seconds)
            .fetch_one(&mut *lease)
            .await;
        (slept, lease)
    }
    let database = TestDatabase::create().await.unwrap();
    let searcher = Searcher::on(&database);
    let deadline = Deadline::after(Duration::from_mins(1));
    let time = Duration::from_millis(20);
    let given_up = searcher
        .database
        .read_briefly(&deadline, time, |lease| sleep(lease, 600.0))
        .await;
    assert_eq!(given_up.unwrap(), None);
    assert_eq!(searcher.database.status().open, 1);
    let read = searcher
        .database
        .read(&deadline, |lease| sleep(lease, 0.1))
        .await;
    assert_eq!(read.unwrap(), 1);
}

/// Answers searches as a function does, with time enough to collect.
struct Searcher {
    database: Database,
    time: Duration,
}

impl Searcher {
    fn on(database: &TestDatabase) -> Self {
        let variables = Variables::from([("DATABASE_URL", database.url())]);
        let config = DatabaseConfig::for_migrations(&variables).unwrap();
        let options = parse_url("DATABASE_URL", database.url()).unwrap();
        Self {
            database: Database::new(&config, options, None).unwrap(),
            time: Duration::from_secs(30),
        }
    }

    async fn page(&self, list: &ListQuery) -> Result<Page, Error> {
        let deadline = Deadline::after(Duration::from_mins(1));
        let config = SearchConfig { time: self.time };
        listing::page(&self.database.reader(None), &deadline, &config, list).await
    }
}

/// Users, and beside them the texts that the oracle looks into.
async fn fill(database: &TestDatabase) {
    let texts = format!(
        "CREATE TABLE texts AS
         SELECT id, ARRAY[{}, {}, {}] AS fields
         FROM users",
        folded("username"),
        folded("email"),
        folded("full_name")
    );
    for statement in [DATA, "ANALYZE users", &texts] {
        database.pool().execute(statement).await.unwrap();
    }
}

/// A few rows with ids beyond those of [`DATA`].
fn more(n: u32) -> String {
    DATA.replace("(email, username", "(id, email, username")
        .replace("SELECT\n", "SELECT 1000000 + n,\n")
        .replace("series(1, 2000)", &format!("series({n}, {})", n + 3))
        .replace("+ (n / 7)", "+ (n % 280)")
}

fn grid() -> impl Iterator<Item = (&'static str, Sort)> {
    TERMS.into_iter().flat_map(|term| {
        let keys = [SortBy::CreatedAt, SortBy::Username, SortBy::Email];
        keys.into_iter().flat_map(move |by| {
            let orders = [SortOrder::Ascending, SortOrder::Descending];
            orders.map(|order| (term, Sort { by, order }))
        })
    })
}

fn filter(random: &mut fastrand::Rng, term: &str) -> Filter {
    Filter {
        is_active: FLAGS[random.usize(0..3)],
        is_superuser: FLAGS[random.usize(0..3)],
        search: Some(SearchTerm::parse(term).unwrap()),
        ..Filter::default()
    }
}

fn ids(page: &Page) -> impl DoubleEndedIterator<Item = UserId> {
    page.users.iter().map(|user| user.id)
}

/// All ids of a list, by cursor, and its last page.
async fn walk(connection: &mut PgConnection, list: &ListQuery) -> (Vec<UserId>, Page) {
    let mut list = list.clone();
    let mut found = Vec::new();
    loop {
        let page = list::scan(connection, &list).await.unwrap().page;
        found.extend(ids(&page));
        assert!(found.len() <= 2_000, "the walk goes in circles");
        match page.next {
            Some(cursor) => list.position = Position::Cursor(cursor),
            None => return (found, page),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Touched {
    seq_scans: i64,
    index_entries: i64,
    trigram_entries: i64,
}

impl Touched {
    async fn so_far(connection: &mut PgConnection) -> Self {
        sqlx::query_as(
            "SELECT
                 pg_stat_get_xact_numscans('users'::regclass) AS seq_scans,
                 (
                     SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::bigint
                     FROM pg_index
                     WHERE indrelid = 'users'::regclass
                 ) AS index_entries,
                 pg_stat_get_xact_tuples_returned('ix_users_folded'::regclass)
                     + pg_stat_get_xact_tuples_returned('ix_users_pairs'::regclass) AS trigram_entries",
        )
        .fetch_one(connection)
        .await
        .unwrap()
    }
}

/// Runs a query in a transaction, as collecting needs it, and tells what it read of users.
async fn touched(
    connection: &mut PgConnection,
    query: impl AsyncFnOnce(&mut PgConnection),
) -> Touched {
    connection.execute("BEGIN").await.unwrap();
    let before = Touched::so_far(connection).await;
    query(connection).await;
    let after = Touched::so_far(connection).await;
    connection.execute("ROLLBACK").await.unwrap();
    Touched {
        seq_scans: after.seq_scans - before.seq_scans,
        index_entries: after.index_entries - before.index_entries,
        trigram_entries: after.trigram_entries - before.trigram_entries,
    }
}

/// What is in quotes, or parted by spaces.
fn words(term: &str) -> Vec<&str> {
    match term.strip_prefix('"') {
        Some(quoted) => vec![quoted.trim_end_matches('"')],
        None => term.split(' ').collect(),
    }
}

/// The folding of the oracle.
fn folded(text: &str) -> String {
    format!(
        r#"replace(
            regexp_replace(
                translate(
                    lower(
                        normalize(regexp_replace(normalize({text}, NFD), '[\u0300-\u036f]', '', 'g'), NFC)
                        COLLATE "und-x-icu"
                    ),
                    'ıςłø',
                    'iσlo'
                ),
                '[\s\u00a0]+',
                ' ',
                'g'
            ),
            'ß',
            'ss'
        )"#
    )
}

/// The oracle: every word in one of three fields, each folded by itself, by reading the whole table.
async fn found_by_reading(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
) -> Vec<UserId> {
    let key = match sort.by {
        SortBy::CreatedAt => "created_at",
        SortBy::Username => r#"lower(username COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Email => r#"lower(email COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Id => "id",
    };
    let direction = sort.order.as_str();
    let statement = format!(
        "WITH words AS MATERIALIZED (SELECT {} AS word FROM unnest($1::text[]) AS word)
         SELECT id::bigint
         FROM users
         JOIN texts USING (id)
         WHERE NOT EXISTS (
                 SELECT FROM words
                 WHERE NOT EXISTS (
                     SELECT FROM unnest(fields) AS field
                     WHERE strpos(field, word) > 0
                 )
             )
             AND ($2::boolean IS NULL OR is_active = $2)
             AND ($3::boolean IS NULL OR is_superuser = $3)
         ORDER BY {key} {direction}, id {direction}",
        folded("word")
    );
    let term = filter.search.as_ref().unwrap().as_str();
    sqlx::query_scalar(&statement)
        .bind(words(term))
        .bind(filter.is_active)
        .bind(filter.is_superuser)
        .fetch_all(connection)
        .await
        .unwrap()
}
