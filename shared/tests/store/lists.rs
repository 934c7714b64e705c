use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rig::TestDatabase;
use serde_json::Value;
use shared::{
    store::list,
    users::{
        CountMode, Cursor, Direction, Filter, ListQuery, Page, Position, Sort, SortBy, SortKey,
        SortOrder, Total, User, UserId, UserIdKind,
    },
};
use sqlx::{Executor, PgConnection};

const SIZE: u32 = 50;

/// A smaller table may be cheaper to read whole, as the planner well knows.
pub(crate) const ENOUGH_FOR_INDEXES: u32 = 20_000;

/// Few superusers, few inactive users, all of these at one end, and many equal times.
pub(crate) async fn skewed(users: u32) -> TestDatabase {
    let database = TestDatabase::create().await.unwrap();
    let insert = format!(
        "INSERT INTO users (email, username, is_active, is_superuser, created_at)
         SELECT md5(n::text) || '@x.com', 'User' || md5((-n)::text), n > 200, n % 1000 = 0,
             TIMESTAMPTZ '2026-01-01 00:00:00Z' + (n / 100) * INTERVAL '1 hour'
         FROM generate_series(1, {users}) AS n"
    );
    for statement in [
        insert.as_str(),
        // The server of the tests commits asynchronously, and VACUUM marks pages as visible to all
        // only after the commit has reached the disk.
        "CHECKPOINT",
        "VACUUM ANALYZE users",
    ] {
        database.pool().execute(statement).await.unwrap();
    }
    database
}

pub(crate) fn grid() -> impl Iterator<Item = (Filter, Sort)> {
    let flags = [None, Some(true), Some(false)];
    let keys = [SortBy::CreatedAt, SortBy::Username, SortBy::Email];
    let orders = [SortOrder::Ascending, SortOrder::Descending];
    flags.into_iter().flat_map(move |is_active| {
        flags.into_iter().flat_map(move |is_superuser| {
            keys.into_iter().flat_map(move |by| {
                orders.into_iter().map(move |order| {
                    let filter = Filter {
                        is_active,
                        is_superuser,
                        ..Filter::default()
                    };
                    (filter, Sort { by, order })
                })
            })
        })
    })
}

fn query(filter: &Filter, sort: Sort, position: Position) -> ListQuery {
    ListQuery {
        filter: filter.clone(),
        sort,
        position,
        size: SIZE,
        count: CountMode::Exact,
        scan_limit: 0,
    }
}

/// What was read of users so far in this session.
#[derive(sqlx::FromRow)]
pub(crate) struct Touched {
    pub(crate) seq_scans: i64,
    pub(crate) rows_fetched: i64,
    pub(crate) index_entries: i64,
}

impl Touched {
    async fn so_far(connection: &mut PgConnection) -> Self {
        sqlx::query_as(
            "SELECT
                 seq_scan AS seq_scans,
                 idx_tup_fetch AS rows_fetched,
                 (
                     SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::bigint
                     FROM pg_index
                     WHERE indrelid = 'users'::regclass
                 ) AS index_entries
             FROM pg_stat_xact_user_tables
             WHERE relname = 'users'",
        )
        .fetch_one(connection)
        .await
        .unwrap()
    }
}

/// Runs a query of a list and tells what it touched.
async fn run_counted(connection: &mut PgConnection, query: &ListQuery) -> (Page, Touched) {
    counted(connection, async |connection| {
        list::scan(connection, query).await.unwrap().page
    })
    .await
}

/// Runs a query and tells what it touched.
pub(crate) async fn counted<T>(
    connection: &mut PgConnection,
    query: impl AsyncFnOnce(&mut PgConnection) -> T,
) -> (T, Touched) {
    // Within one transaction the server does not hand in what it counted meanwhile.
    connection.execute("BEGIN").await.unwrap();
    let before = Touched::so_far(connection).await;
    let page = query(connection).await;
    let after = Touched::so_far(connection).await;
    connection.execute("ROLLBACK").await.unwrap();
    let touched = Touched {
        seq_scans: after.seq_scans - before.seq_scans,
        rows_fetched: after.rows_fetched - before.rows_fetched,
        index_entries: after.index_entries - before.index_entries,
    };
    (page, touched)
}

#[tokio::test]
async fn whatever_a_cursor_says_is_a_place_in_the_list_or_no_cursor() {
    let database = skewed(200).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let mut random = fastrand::Rng::with_seed(3);
    let mut counts = [0, 0];
    for (filter, sort) in grid() {
        for _ in 0..30 {
            let text = forged(&mut random, &filter, sort);
            let cursor = Cursor::decode(&text, &filter, sort, UserIdKind::Integer);
            counts[usize::from(cursor.is_ok())] += 1;
            if let Ok(cursor) = cursor {
                let list = query(&filter, sort, Position::Cursor(cursor));
                let page = list::scan(&mut connection, &list).await;
                assert!(page.is_ok(), "{list:?} {page:?}");
            }
        }
    }
    assert!(counts.into_iter().all(|count| count > 300), "{counts:?}");
}

/// A cursor of the list with another place in it.
fn forged(random: &mut fastrand::Rng, filter: &Filter, sort: Sort) -> String {
    const DAY: i64 = 86_400_000_000;
    let genuine = Cursor {
        direction: Direction::Next,
        key: SortKey::Text(String::new()),
        id: 0.into(),
    };
    let json = URL_SAFE_NO_PAD.decode(genuine.encode(filter, sort));
    let mut json: Value = serde_json::from_slice(&json.unwrap()).unwrap();
    let micros = match random.u8(0..4) {
        0 => random.i64(..),
        // Around the first day of PostgreSQL's calendar, and at the end of what the cursor can say.
        1 => -210_866_803_200_000_000 + random.i64(-DAY..DAY),
        2 => i64::MAX - random.i64(0..DAY),
        _ => random.i64(-DAY..DAY),
    };
    json["k"] = match random.u8(0..4) {
        0 => micros.into(),
        1 => (0..random.usize(0..99))
            .map(|_| random.char(..))
            .collect::<String>()
            .into(),
        _ => micros.to_string().into(),
    };
    json["i"] = match random.u8(0..9) {
        0 => random.u64(..).into(),
        1 => random.f64().into(),
        2 => i64::MIN.to_string().into(),
        _ => random.i64(1..).to_string().into(),
    };
    json["d"] = (*random.choice(["n", "p"].iter()).unwrap()).into();
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// At most the page's rows and one more are visited, and the walk reads `depth` index entries, one
/// page more of each of four ranges, and an entry of the primary key for each row.
fn assert_bounded(touched: &Touched, depth: u32, query: &ListQuery) {
    let one_more = i64::from(SIZE) + 1;
    assert_eq!(touched.seq_scans, 0, "{query:?}");
    assert!(
        touched.rows_fetched <= one_more,
        "{} rows: {query:?}",
        touched.rows_fetched
    );
    let entries = i64::from(depth) + 5 * one_more;
    assert!(
        touched.index_entries <= entries,
        "{} entries: {query:?}",
        touched.index_entries
    );
}

#[tokio::test]
async fn every_list_reads_little_more_than_its_page_wherever_it_starts() {
    let database = skewed(ENOUGH_FOR_INDEXES).await;
    let mut connection = database.pool().acquire().await.unwrap();
    for (filter, sort) in grid() {
        let mut position = Position::Page(1);
        for _ in 0..3 {
            let query = query(&filter, sort, position);
            let (page, touched) = run_counted(&mut connection, &query).await;
            assert_bounded(&touched, 0, &query);
            match page.next {
                Some(cursor) => position = Position::Cursor(cursor),
                None => break,
            }
        }
    }
}

#[tokio::test]
async fn a_page_by_number_walks_an_index_and_fetches_its_own_rows_only() {
    let database = skewed(ENOUGH_FOR_INDEXES).await;
    let mut connection = database.pool().acquire().await.unwrap();
    for (filter, sort) in grid() {
        let query = query(&filter, sort, Position::Page(100));
        let (_, touched) = run_counted(&mut connection, &query).await;
        assert_bounded(&touched, 100 * SIZE, &query);
    }
}

#[tokio::test]
async fn every_list_is_the_same_walked_forward_walked_back_and_sorted_whole() {
    let database = skewed(6_000).await;
    let mut connection = database.pool().acquire().await.unwrap();
    for (filter, sort) in grid() {
        let expected = sorted_whole(&mut connection, &filter, sort).await;
        let (forward, last) = walk(&mut connection, &filter, sort, |page| page.next.clone()).await;
        assert!(forward == expected, "forward: {filter:?} {sort:?}");
        if let Some(place) = last {
            let mut back = place
                .users
                .iter()
                .map(|user| user.id)
                .rev()
                .collect::<Vec<_>>();
            let mut previous = place.previous;
            while let Some(cursor) = previous {
                let query = query(&filter, sort, Position::Cursor(cursor));
                let page = list::scan(&mut connection, &query).await.unwrap().page;
                back.extend(page.users.iter().map(|user| user.id).rev());
                previous = page.previous;
            }
            back.reverse();
            assert!(back == expected, "back: {filter:?} {sort:?}");
        }
    }
}

/// All ids of a list page by page, and its last page. Large pages, because the walk is long.
async fn walk(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    step: impl Fn(&Page) -> Option<shared::users::Cursor>,
) -> (Vec<UserId>, Option<Page>) {
    let mut ids = Vec::new();
    let mut position = Position::Page(1);
    loop {
        let mut query = query(filter, sort, position);
        query.size = 999;
        let page = list::scan(connection, &query).await.unwrap().page;
        ids.extend(page.users.iter().map(|user| user.id));
        assert!(ids.len() <= 6_000, "the walk goes in circles");
        match step(&page) {
            Some(cursor) => position = Position::Cursor(cursor),
            None => return (ids, Some(page)),
        }
    }
}

fn lower(text: Option<&String>) -> Option<String> {
    text.map(|text| text.to_lowercase())
}

/// The ids in the order of Rust's own sort.
async fn sorted_whole(connection: &mut PgConnection, filter: &Filter, sort: Sort) -> Vec<UserId> {
    let mut users: Vec<User> = sqlx::query_as("SELECT * FROM users")
        .fetch_all(connection)
        .await
        .unwrap();
    let passes = |wanted: Option<bool>, value| wanted.is_none_or(|wanted| wanted == value);
    users.retain(|user| {
        passes(filter.is_active, user.is_active) && passes(filter.is_superuser, user.is_superuser)
    });
    match sort.by {
        SortBy::CreatedAt => users.sort_by_key(|user| (user.created_at, user.id)),
        SortBy::Username => {
            users.sort_by_cached_key(|user| (lower(user.username.as_ref()), user.id));
        }
        SortBy::Email => users.sort_by_cached_key(|user| (lower(user.email.as_ref()), user.id)),
        SortBy::Id => users.sort_by_key(|user| user.id),
    }
    if sort.order == SortOrder::Descending {
        users.reverse();
    }
    users.into_iter().map(|user| user.id).collect()
}

#[tokio::test]
async fn the_total_of_every_filter_is_exact() {
    let database = skewed(6_000).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let sort = Sort {
        by: SortBy::CreatedAt,
        order: SortOrder::Ascending,
    };
    for (filter, _) in grid().filter(|(_, other)| *other == sort) {
        let expected = sorted_whole(&mut connection, &filter, sort).await.len();
        let first = query(&filter, sort, Position::Page(1));
        let page = list::scan(&mut connection, &first).await.unwrap().page;
        let expected = u64::try_from(expected).unwrap();
        assert_eq!(page.total, Some(Total::Exactly(expected)), "{filter:?}");
    }
}
