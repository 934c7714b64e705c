//! Lists, searches and numbers of tables of other applications, through their mappings.

use shared::platform::config::UsersTable;
use shared::store::bulk::{self, OnConflict, Written};
use shared::store::mapping::UserWrites;
use shared::store::{list, stats};
use shared::users::{
    CountMode, Cursor, Direction, Filter, ListQuery, Position, SearchTerm, Sort, SortBy, SortOrder,
    User,
};
use sqlx::{Executor, PgConnection};

use crate::foreign_tables::{ForeignTable, TABLES, orders, row};

#[tokio::test]
async fn each_table_is_listed_counted_and_searched_through_its_mapping() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        for sort in orders(&table) {
            let all = table.list(Filter::default(), sort).await;
            assert!(!all.is_empty(), "{name}");
            for is_active in [true, false] {
                let filter = Filter {
                    is_active: Some(is_active),
                    ..Filter::default()
                };
                let some = table.list(filter, sort).await;
                let expected: Vec<_> = all
                    .iter()
                    .filter(|user| user.is_active == is_active)
                    .cloned()
                    .collect();
                assert_eq!(some, expected, "{name} {sort:?}");
            }
            let first = all[0].clone();
            let email = first.email.clone().unwrap_or_default();
            if email.len() >= 3 {
                let search = Filter {
                    search: Some(SearchTerm::parse(&email).unwrap()),
                    ..Filter::default()
                };
                assert_eq!(table.list(search, sort).await, [first], "{name}");
            }
        }
        let numbers = stats::count_users(&mut table.connection).await.unwrap();
        let any = Sort {
            by: SortBy::Email,
            order: SortOrder::Ascending,
        };
        let all = table.list(Filter::default(), any).await;
        let count = |wanted: fn(&User) -> bool| {
            i64::try_from(all.iter().filter(|user| wanted(user)).count()).unwrap()
        };
        assert_eq!(numbers.total_users, count(|_| true), "{name}");
        assert_eq!(numbers.active_users, count(|user| user.is_active), "{name}");
        assert_eq!(
            numbers.superusers,
            count(|user| user.is_superuser),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_has_one_meaning() {
    let mut laravel = ForeignTable::create("07-laravel").await;
    laravel.adopt().await;
    let newest = Sort {
        by: SortBy::CreatedAt,
        order: SortOrder::Descending,
    };
    let users = laravel.list(Filter::default(), newest).await;
    assert_eq!(users[1].created_at, None, "no time is the oldest");
    let first = users[0].created_at.unwrap();
    assert_eq!(first.to_rfc3339(), "2026-03-29T02:30:00+00:00");
    assert!(
        users
            .iter()
            .all(|user| user.is_active && !user.is_superuser)
    );

    let mut flask = ForeignTable::create("09-flask-appbuilder").await;
    flask.adopt().await;
    let inactive = Filter {
        is_active: Some(false),
        ..Filter::default()
    };
    assert_eq!(flask.emails(inactive, newest).await, ["old@fab.example"]);

    let mut django = ForeignTable::create("06-django").await;
    django.adopt().await;
    let by_email = Sort {
        by: SortBy::Email,
        order: SortOrder::Ascending,
    };
    let users = django.list(Filter::default(), by_email).await;
    let names: Vec<_> = users.iter().map(|user| user.username.as_deref()).collect();
    assert_eq!(names, [Some("bot"), Some("Bot"), Some("admin")]);
    assert_eq!(
        (users[0].email.as_deref(), users[0].full_name.as_deref()),
        (None, None)
    );
    assert_eq!(users[2].full_name.as_deref(), Some("Ada Admin"));
}

#[tokio::test]
async fn times_without_a_zone_are_read_and_written_in_the_zone_of_the_mapping() {
    let mut laravel = ForeignTable::create("07-laravel").await;
    let json = laravel.mapping.mapping().unwrap().to_json();
    let zoned = r#"{"column": "created_at", "time_zone": "Europe/Berlin"}"#;
    let json = json.replace(
        r#""created_at":"created_at""#,
        &format!(r#""created_at":{zoned}"#),
    );
    laravel.mapping = UsersTable::parse(&json).unwrap();
    laravel.adopt().await;
    let newest = Sort {
        by: SortBy::CreatedAt,
        order: SortOrder::Descending,
    };
    let users = laravel.list(Filter::default(), newest).await;
    // A time that the clock skipped is read as an hour later.
    let first = users[0].created_at.unwrap().to_rfc3339();
    assert_eq!(first, "2026-03-29T01:30:00+00:00");
    let mut new = row("summer@lv.example", None);
    new.created_at = Some("2026-07-01T10:00:00Z".parse().unwrap());
    let writes = UserWrites::new(laravel.mapping.mapping());
    let written = bulk::write(&mut laravel.connection, writes, &[&new], OnConflict::Fail).await;
    assert!(matches!(written, Ok(Written::All(_))), "{written:?}");
    let stored: String = sqlx::query_scalar(
        "SELECT created_at::text FROM public.users WHERE email = 'summer@lv.example'",
    )
    .fetch_one(&mut laravel.connection)
    .await
    .unwrap();
    assert_eq!(stored, "2026-07-01 12:00:00");
}

#[tokio::test]
async fn lists_walk_by_cursor_through_users_without_a_time() {
    for (name, by) in [
        ("02-full-stack-template", SortBy::CreatedAt),
        ("03-fastapi-users", SortBy::Id),
        ("10-better-auth", SortBy::Email),
    ] {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        let sort = Sort {
            by,
            order: SortOrder::Ascending,
        };
        let all = table.list(Filter::default(), sort).await;
        let mut query = ListQuery {
            filter: Filter::default(),
            sort,
            position: Position::Page(1),
            size: 1,
            count: CountMode::None,
            scan_limit: 0,
        };
        let mut walked = Vec::new();
        loop {
            let page = list::scan(&mut table.connection, &query)
                .await
                .unwrap()
                .page;
            walked.extend(page.users);
            let Some(next) = page.next else { break };
            assert_eq!(next.direction, Direction::Next);
            let text = next.encode(&query.filter, sort);
            let kind = table.mapping.id_kind();
            let cursor = Cursor::decode(&text, &query.filter, sort, kind).unwrap();
            query.position = Position::Cursor(cursor);
        }
        assert_eq!(walked, all, "{name}");
    }
}

#[tokio::test]
async fn each_search_uses_the_index_that_its_mapping_made() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        let term = SearchTerm::parse("example").unwrap();
        let query = ListQuery {
            filter: Filter {
                search: Some(term.clone()),
                ..Filter::default()
            },
            sort: orders(&table)[0],
            position: Position::Page(1),
            size: 50,
            count: CountMode::None,
            scan_limit: 0,
        };
        let relation = format!("public.\"{}\"", table.mapping.mapping().unwrap().table);
        let connection = &mut table.connection;
        connection.execute("BEGIN").await.unwrap();
        let before = sequential_scans(connection, &relation).await;
        let page = list::trigram_search(connection, &query, &term)
            .await
            .unwrap();
        assert!(!page.users.is_empty(), "{name}");
        let scanned = sequential_scans(connection, &relation).await - before;
        assert_eq!(scanned, 0, "{name}: the table was read from its start");
    }
}

#[tokio::test]
async fn lists_and_searches_read_an_index_alone_whatever_the_fields_are_made_of() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        table
            .connection
            .execute("SET enable_seqscan = off")
            .await
            .unwrap();
        let plan: Vec<String> = sqlx::query_scalar(
            "EXPLAIN SELECT id, username, email, full_name FROM users
             WHERE is_active AND NOT is_superuser
             ORDER BY created_at DESC, id DESC",
        )
        .fetch_all(&mut table.connection)
        .await
        .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("Index Only Scan"), "{name}\n{plan}");
    }
}

/// How often this session has read the table from its start.
async fn sequential_scans(connection: &mut PgConnection, relation: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT coalesce(sum(seq_scan), 0)::bigint
         FROM pg_stat_xact_all_tables
         WHERE relid = $1::regclass",
    )
    .bind(relation)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn columns_with_collations_of_their_own_are_listed_and_searched() {
    let sql = include_str!("tables/collations.sql");
    let json =
        r#"{"table": "users", "id": {"column": "id"}, "email": "email", "username": "username"}"#;
    let mut table = ForeignTable::of(sql, UsersTable::parse(json).unwrap()).await;
    table.adopt().await;
    for sort in orders(&table) {
        for (term, found) in [("çELIK", 1), ("celik", 1), ("x.example", 2), ("nobody", 0)] {
            let filter = Filter {
                search: Some(SearchTerm::parse(term).unwrap()),
                ..Filter::default()
            };
            assert_eq!(
                table.list(filter, sort).await.len(),
                found,
                "{term} {sort:?}"
            );
        }
    }
}
