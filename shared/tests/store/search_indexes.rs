//! What searches read.

use rig::TestDatabase;
use shared::{
    store::list,
    users::{CountMode, Filter, ListQuery, Position, SearchTerm, Sort, SortBy, SortOrder},
};
use sqlx::{Executor, PgConnection};

use crate::search_oracle::{DATA, grid, ids};

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
    const CHARACTERS: [char; 19] = [
        'a', 'Q', '7', '.', '\'', '\\', '+', '=', '≠', 'É', 'ß', 'æ', 'Ж', 'ς', '花', 'が', '각',
        '🙂', '’',
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
    // All but single letters, digits and points, and pairs of two points.
    assert_eq!(indexed, 372);
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
                     + pg_stat_get_xact_tuples_returned('ix_users_pairs'::regclass)
                     + pg_stat_get_xact_tuples_returned('ix_users_uncommon'::regclass) AS trigram_entries",
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
