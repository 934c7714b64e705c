use shared::{
    store::list,
    users::{
        CountMode, ExactValue, Filter, ListQuery, Page, Position, Sort, SortBy, Total, UserId,
    },
};
use sqlx::{Executor, PgConnection};

use crate::lists::{ENOUGH_FOR_INDEXES, counted, grid, skewed};

const SIZE: u32 = 30;

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

async fn page(connection: &mut PgConnection, query: &ListQuery) -> Page {
    if query.filter.is_look_up() {
        list::look_up(connection, query).await.unwrap()
    } else {
        list::scan(connection, query).await.unwrap().page
    }
}

fn ids(page: &Page) -> impl DoubleEndedIterator<Item = UserId> {
    page.users.iter().map(|user| user.id)
}

/// The oracle: it reads the whole table.
async fn found_by_reading(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
) -> Vec<UserId> {
    let key = match sort.by {
        SortBy::CreatedAt => "created_at",
        SortBy::Username => r#"lower(username) COLLATE "C""#,
        SortBy::Id => "id",
        SortBy::Email => r#"lower(email) COLLATE "C""#,
    };
    let direction = sort.order.as_str();
    let statement = format!(
        "SELECT id
         FROM users
         WHERE ($1::boolean IS NULL OR is_active = $1)
             AND ($2::boolean IS NULL OR is_superuser = $2)
             AND ($3::text IS NULL OR lower(email) = lower($3))
             AND ($4::text IS NULL OR lower(username) = lower($4))
             AND ($5::bigint[] IS NULL OR id = ANY($5::user_id[]))
             AND ($6::timestamptz IS NULL OR created_at >= $6)
             AND ($7::timestamptz IS NULL OR created_at < $7)
         ORDER BY {key} {direction}, id {direction}"
    );
    sqlx::query_scalar(&statement)
        .bind(filter.is_active)
        .bind(filter.is_superuser)
        .bind(filter.email.as_ref().map(ExactValue::as_str))
        .bind(filter.username.as_ref().map(ExactValue::as_str))
        .bind(&filter.ids)
        .bind(filter.created_from)
        .bind(filter.created_to)
        .fetch_all(connection)
        .await
        .unwrap()
}

/// All ids of a list by cursor, forward and back again.
async fn walk(connection: &mut PgConnection, filter: &Filter, sort: Sort) -> [Vec<UserId>; 2] {
    let mut last = page(connection, &query(filter, sort, Position::Page(1))).await;
    let mut forward: Vec<_> = ids(&last).collect();
    while let Some(cursor) = last.next {
        last = page(connection, &query(filter, sort, Position::Cursor(cursor))).await;
        forward.extend(ids(&last));
    }
    let mut back: Vec<_> = ids(&last).rev().collect();
    while let Some(cursor) = last.previous {
        last = page(connection, &query(filter, sort, Position::Cursor(cursor))).await;
        back.extend(ids(&last).rev());
    }
    back.reverse();
    [forward, back]
}

#[tokio::test]
async fn users_are_looked_up_by_unique_indexes_alone() {
    let database = skewed(ENOUGH_FOR_INDEXES).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let mut random = fastrand::Rng::with_seed(21);
    let users: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT id, email, username FROM users ORDER BY id")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    for (flags, sort) in grid() {
        let (id, email, username) = random.choice(&users).unwrap();
        let exact = |text: &str| ExactValue::parse(&format!(" {} ", text.to_uppercase())).ok();
        let some = || (1..=100).map(|n| UserId::from(n * 199)).collect::<Vec<_>>();
        for filter in [
            Filter {
                email: exact(email),
                ..flags.clone()
            },
            Filter {
                username: exact(username),
                ..flags.clone()
            },
            Filter {
                ids: Some(some()),
                ..flags.clone()
            },
            Filter {
                email: exact(email),
                username: exact(username),
                ids: Some(vec![1.into(), (*id).into()]),
                ..flags.clone()
            },
            Filter {
                ids: Some(some()),
                created_from: "2026-01-02T00:00:00Z".parse().ok(),
                created_to: "2026-01-05T00:00:00Z".parse().ok(),
                ..flags.clone()
            },
            Filter {
                email: exact("nobody@example.com"),
                ..flags.clone()
            },
        ] {
            let expected = found_by_reading(&mut connection, &filter, sort).await;
            for found in walk(&mut connection, &filter, sort).await {
                assert_eq!(found, expected, "{filter:?} {sort:?}");
            }
            let second = query(&filter, sort, Position::Page(2));
            let (page, touched) = counted(&mut connection, async |connection| {
                page(connection, &second).await
            })
            .await;
            let beyond = expected.iter().skip(30).take(30).copied();
            assert!(ids(&page).eq(beyond), "{second:?}");
            let total = u64::try_from(expected.len()).unwrap();
            assert_eq!(page.total, Some(Total::Exactly(total)), "{second:?}");
            assert_eq!(touched.seq_scans, 0, "{second:?}");
            let named = i64::try_from(filter.ids.map_or(1, |ids| ids.len())).unwrap();
            assert!(
                touched.index_entries <= named + 2 && touched.rows_fetched <= named + 2,
                "{} {} {second:?}",
                touched.index_entries,
                touched.rows_fetched
            );
        }
    }
}

#[tokio::test]
async fn a_range_of_times_is_read_and_counted_by_the_index_alone() {
    let database = skewed(ENOUGH_FOR_INDEXES).await;
    let mut connection = database.pool().acquire().await.unwrap();
    for (flags, sort) in grid().filter(|(_, sort)| sort.by == SortBy::CreatedAt) {
        for (from, to) in [
            (Some("2026-01-04T05:00:00Z"), Some("2026-01-04T10:00:00Z")),
            (Some("2026-01-09T00:00:00Z"), None),
            (None, Some("2026-01-01T03:00:00.000001Z")),
            (Some("2026-01-04T05:00:00Z"), Some("2026-01-04T05:00:00Z")),
        ] {
            let filter = Filter {
                created_from: from.map(|time| time.parse().unwrap()),
                created_to: to.map(|time| time.parse().unwrap()),
                ..flags.clone()
            };
            let expected = found_by_reading(&mut connection, &filter, sort).await;
            for found in walk(&mut connection, &filter, sort).await {
                assert_eq!(found, expected, "{filter:?} {sort:?}");
            }
            let first = query(&filter, sort, Position::Page(1));
            let (_, touched) = counted(&mut connection, async |connection| {
                page(connection, &first).await
            })
            .await;
            let most = i64::from(5 * (SIZE + 1));
            assert!(
                touched.seq_scans == 0 && touched.index_entries <= most,
                "{} {first:?}",
                touched.index_entries
            );
            for most in [10_001, 100] {
                let (count, touched) = counted(&mut connection, async |connection| {
                    list::count_range(connection, &first, most).await.unwrap()
                })
                .await;
                let total = u64::try_from(expected.len()).unwrap();
                assert_eq!(count, total.min(most), "{first:?}");
                let entries = i64::try_from(count).unwrap() + 4;
                assert!(
                    touched.seq_scans == 0 && touched.index_entries <= entries,
                    "{} {first:?}",
                    touched.index_entries
                );
            }
        }
    }
}

#[tokio::test]
async fn a_table_with_ids_of_four_bytes_and_texts_of_limited_length_is_looked_up() {
    let database = skewed(300).await;
    let mut connection = database.pool().acquire().await.unwrap();
    let narrower = "ALTER TABLE users
        ALTER COLUMN id TYPE integer,
        ALTER COLUMN email TYPE varchar(320),
        ALTER COLUMN username TYPE varchar(150)";
    connection.execute(narrower).await.unwrap();
    let users: Vec<(String, String)> =
        sqlx::query_as("SELECT email::text, username::text FROM users WHERE id = 299")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    let (email, username) = &users[0];
    for (_, sort) in grid() {
        let filter = Filter {
            email: ExactValue::parse(email).ok(),
            username: ExactValue::parse(username).ok(),
            ids: Some(vec![299.into(), 300.into(), i64::MAX.into()]),
            ..Filter::default()
        };
        for found in walk(&mut connection, &filter, sort).await {
            assert_eq!(found, [UserId::from(299)], "{sort:?}");
        }
    }
}
