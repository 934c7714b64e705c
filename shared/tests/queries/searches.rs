use rig::TestDatabase;
use shared::{
    database::Query,
    users::{CountMode, Filter, ListQuery, Position, SearchTerm, Sort, SortBy, SortOrder, Total},
};
use sqlx::{Executor, PgConnection};

/// Names that differ in case, script and length, and characters that LIKE means something by.
const DATA: &str = "
    INSERT INTO users (email, username, full_name, is_active, is_superuser, created_at)
    SELECT
        'mail' || n || '@' || (ARRAY['Example.com', 'straße.example', 'x_y.example'])[1 + n % 3],
        (ARRAY['Jürgen', 'josé', 'İpek', '名前', 'Zoë.', 'under_score', 'plus+'])[1 + n % 7] || n,
        (ARRAY['100% Ana', 'back\\slash', NULL, 'Anna Maria', 'O''Brien'])[1 + n % 5],
        n % 3 > 0,
        n % 11 = 0,
        TIMESTAMPTZ '2026-01-01 00:00:00Z' + (n / 7) * INTERVAL '1 minute'
    FROM generate_series(1, 2000) AS n";

const TERMS: [&str; 18] = [
    "ana",
    "ANNA",
    "a",
    "名",
    "名前1",
    "jürgen",
    "JÜRGEN",
    "é",
    "İ",
    "straße",
    "_",
    "%",
    r"\",
    "100% A",
    "mail1",
    "o'brien",
    "nobody",
    "example.com",
];

#[tokio::test]
async fn a_search_finds_what_like_finds_in_every_order_with_every_filter() {
    let database = TestDatabase::create().await.unwrap();
    database.pool().execute(DATA).await.unwrap();
    database.pool().execute("ANALYZE users").await.unwrap();
    let mut connection = database.pool().acquire().await.unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let flags = [None, Some(true), Some(false)];
    for term in TERMS {
        for by in [SortBy::CreatedAt, SortBy::Username, SortBy::Email] {
            for order in [SortOrder::Ascending, SortOrder::Descending] {
                let filter = Filter {
                    is_active: flags[random.usize(0..3)],
                    is_superuser: flags[random.usize(0..3)],
                    search: Some(SearchTerm::parse(term).unwrap()),
                };
                let expected = found_by_like(&mut connection, &filter, by, order).await;
                let sort = Sort { by, order };
                let found = walk(
                    &mut connection,
                    &filter,
                    sort,
                    random.u32(20..400),
                    expected.len(),
                )
                .await;
                assert_eq!(found, expected, "{filter:?} {by:?} {order:?}");
            }
        }
    }
}

/// All ids of a list, by cursor; every page must know the total.
async fn walk(
    connection: &mut PgConnection,
    filter: &Filter,
    sort: Sort,
    size: u32,
    total: usize,
) -> Vec<i64> {
    let mut ids = Vec::new();
    let mut position = Position::Page(1);
    loop {
        let query = ListQuery {
            filter: filter.clone(),
            sort,
            position,
            size,
            count: CountMode::Exact,
        };
        let page = query.run(connection).await.unwrap();
        assert_eq!(
            page.total,
            Some(Total::Exactly(u64::try_from(total).unwrap())),
            "{filter:?}"
        );
        ids.extend(page.users.iter().map(|user| user.id));
        assert!(ids.len() <= total, "the walk goes in circles");
        match page.next {
            Some(cursor) => position = Position::Cursor(cursor),
            None => return ids,
        }
    }
}

/// The oracle: three fields, each folded and looked through by itself, by reading the whole table.
async fn found_by_like(
    connection: &mut PgConnection,
    filter: &Filter,
    by: SortBy,
    order: SortOrder,
) -> Vec<i64> {
    let key = match by {
        SortBy::CreatedAt => "created_at",
        SortBy::Username => r#"lower(username COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Email => r#"lower(email COLLATE "und-x-icu") COLLATE "C""#,
    };
    let direction = order.as_str();
    let statement = format!(
        r#"SELECT id::bigint
           FROM users
           WHERE EXISTS (
                   SELECT FROM unnest(ARRAY[username, email, full_name]) AS field
                   WHERE strpos(lower(field COLLATE "und-x-icu"), lower($1 COLLATE "und-x-icu")) > 0
               )
               AND ($2::boolean IS NULL OR is_active = $2)
               AND ($3::boolean IS NULL OR is_superuser = $3)
           ORDER BY {key} {direction}, id {direction}"#
    );
    sqlx::query_scalar(&statement)
        .bind(filter.search.as_ref().map(SearchTerm::as_str))
        .bind(filter.is_active)
        .bind(filter.is_superuser)
        .fetch_all(connection)
        .await
        .unwrap()
}
