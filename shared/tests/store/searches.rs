use std::time::Duration;

use rig::TestDatabase;
use shared::{
    platform::{database::Lease, deadline::Deadline},
    store::list,
    users::{
        CountMode, Filter, ListQuery, Page, Position, SearchTerm, Sort, SortBy, SortOrder, Total,
        UserId,
    },
};
use sqlx::{Executor, PgConnection};

use crate::search_oracle::{DATA, Searcher, fill, filter, found_by_reading, grid, ids};

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
    // No index has a letter alone that many users have.
    let mut list = ListQuery {
        filter: Filter {
            search: Some(SearchTerm::parse("ф").unwrap()),
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
async fn a_search_may_be_given_up_at_any_time() {
    let database = TestDatabase::create().await.unwrap();
    fill(&database).await;
    let searcher = Searcher::on(&database);
    let list = &ListQuery {
        filter: Filter {
            search: Some(SearchTerm::parse("ma il ex am").unwrap()),
            ..Filter::default()
        },
        sort: Sort {
            by: SortBy::CreatedAt,
            order: SortOrder::Ascending,
        },
        position: Position::Page(1),
        size: 20,
        count: CountMode::None,
        scan_limit: 50,
    };
    let term = list.filter.search.as_ref().unwrap();
    let deadline = Deadline::after(Duration::from_mins(1));
    let mut given_up = 0;
    for milliseconds in 1..=40 {
        let time = Duration::from_millis(milliseconds);
        let page = searcher
            .database
            .read_briefly(&deadline, time, |mut lease| async move {
                (list::trigram_search(&mut lease, list, term).await, lease)
            })
            .await
            .unwrap();
        given_up += u32::from(page.is_none());
    }
    assert!(given_up > 0);
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

/// A few rows with ids beyond those of [`DATA`].
fn more(n: u32) -> String {
    DATA.replace("(email, username", "(id, email, username")
        .replace("SELECT\n", "SELECT 1000000 + n,\n")
        .replace("series(1, 2000)", &format!("series({n}, {})", n + 3))
        .replace("+ (n / 7)", "+ (n % 280)")
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
