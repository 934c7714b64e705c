//! Users to search for, and what a search should find of them.

use std::time::Duration;

use rig::TestDatabase;
use shared::{
    platform::{
        config::{DatabaseConfig, SearchConfig, Variables},
        database::{Database, parse_url},
        deadline::Deadline,
        error::Error,
    },
    store::listing,
    users::{Filter, ListQuery, Page, SearchTerm, Sort, SortBy, SortOrder, UserId},
};
use sqlx::{Executor, PgConnection};

/// Names that differ in case, accents, script, length and white space, characters that LIKE and regular
/// expressions mean something by, and letters whose case depends on a language or on where they stand. The
/// last username ends in the sign for Kelvin.
pub(crate) const DATA: &str = "
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

const TERMS: [&str; 59] = [
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
    "ma il ex am pl ar ia",
    "\"anna maria\"",
    "\"NNA M\"",
    "\"maria anna\"",
];

const FLAGS: [Option<bool>; 3] = [None, Some(true), Some(false)];

/// Answers searches as a function does, with time enough to collect.
pub(crate) struct Searcher {
    pub(crate) database: Database,
    pub(crate) time: Duration,
}

impl Searcher {
    pub(crate) fn on(database: &TestDatabase) -> Self {
        let variables = Variables::from([("DATABASE_URL", database.url())]);
        let config = DatabaseConfig::for_migrations(&variables).unwrap();
        let options = parse_url("DATABASE_URL", database.url()).unwrap();
        Self {
            database: Database::new(&config, options, None).unwrap(),
            time: Duration::from_secs(30),
        }
    }

    pub(crate) async fn page(&self, list: &ListQuery) -> Result<Page, Error> {
        let deadline = Deadline::after(Duration::from_mins(1));
        let config = SearchConfig { time: self.time };
        listing::page(&self.database.reader(None), &deadline, &config, list).await
    }
}

/// Users, and beside them the texts that the oracle looks into.
pub(crate) async fn fill(database: &TestDatabase) {
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

pub(crate) fn grid() -> impl Iterator<Item = (&'static str, Sort)> {
    TERMS.into_iter().flat_map(|term| {
        let keys = [SortBy::CreatedAt, SortBy::Username, SortBy::Email];
        keys.into_iter().flat_map(move |by| {
            let orders = [SortOrder::Ascending, SortOrder::Descending];
            orders.map(|order| (term, Sort { by, order }))
        })
    })
}

pub(crate) fn filter(random: &mut fastrand::Rng, term: &str) -> Filter {
    Filter {
        is_active: FLAGS[random.usize(0..3)],
        is_superuser: FLAGS[random.usize(0..3)],
        search: Some(SearchTerm::parse(term).unwrap()),
        ..Filter::default()
    }
}

pub(crate) fn ids(page: &Page) -> impl DoubleEndedIterator<Item = UserId> {
    page.users.iter().map(|user| user.id)
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
pub(crate) async fn found_by_reading(
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
