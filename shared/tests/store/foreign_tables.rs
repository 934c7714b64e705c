//! Tables that people have, each with the mapping that makes it rollcall's: see `docs/tables`.

use std::fs;
use std::path::Path;

use rig::TestDatabase;
use shared::platform::config::UsersTable;
use shared::store::bulk::{self, ImportRow, OnConflict, Written};
use shared::store::mapping::UserWrites;
use shared::store::users::{self, OnDelete};
use shared::store::{list, migrations, stats};
use shared::users::{
    CountMode, Cursor, Direction, Filter, ListQuery, Position, SearchTerm, Sort, SortBy, SortOrder,
    User, UserId,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

/// A table of another application, not adopted yet.
pub(crate) struct ForeignTable {
    database: TestDatabase,
    pub(crate) mapping: UsersTable,
    /// As the functions of rollcall connect.
    pub(crate) connection: PgConnection,
}

impl ForeignTable {
    pub(crate) async fn create(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tables");
        let sql = fs::read_to_string(folder.join(format!("{name}.sql"))).unwrap();
        let json = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        Self::of(&sql, UsersTable::parse(&json).unwrap()).await
    }

    pub(crate) async fn of(sql: &str, mapping: UsersTable) -> Self {
        let database = TestDatabase::create_empty().await.unwrap();
        database.pool().execute(sql).await.unwrap();
        let options: PgConnectOptions = database.url().parse().unwrap();
        let connection = options
            .options([("search_path", "rollcall,public")])
            .connect()
            .await
            .unwrap();
        Self {
            database,
            mapping,
            connection,
        }
    }

    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    pub(crate) async fn adopt(&mut self) {
        migrations::up(&mut self.connection, &self.mapping)
            .await
            .unwrap();
    }

    /// What there is of the application's: everything outside of rollcall's schema.
    pub(crate) async fn shape(&mut self) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT relkind::text || ' ' || relname || coalesce(' ' || pg_get_indexdef(indexrelid), '')
             FROM pg_class
             LEFT JOIN pg_index ON indexrelid = oid
             WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema|rollcall)'
             UNION ALL
             SELECT 'column ' || attrelid::regclass || ' ' || attname || ' ' || format_type(atttypid, atttypmod)
                 || ' ' || attnotnull || ' ' || coalesce(pg_get_expr(adbin, adrelid), '')
             FROM pg_attribute
             JOIN pg_class ON pg_class.oid = attrelid
             LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
             WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema|rollcall)' AND relkind = 'r' AND attnum > 0
             UNION ALL
             SELECT 'constraint ' || pg_get_constraintdef(oid) FROM pg_constraint
             WHERE connamespace::regnamespace::text !~ '^(pg_|information_schema|rollcall)'
             UNION ALL
             SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL
             SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%'
             UNION ALL
             SELECT 'extension ' || extname FROM pg_extension
             ORDER BY 1",
        )
        .fetch_all(&mut self.connection)
        .await
        .unwrap()
    }

    pub(crate) async fn list(&mut self, filter: Filter, sort: Sort) -> Vec<User> {
        let query = ListQuery {
            filter,
            sort,
            position: Position::Page(1),
            size: 50,
            count: CountMode::Exact,
            scan_limit: 10_000,
        };
        let scanned = list::scan(&mut self.connection, &query).await.unwrap();
        scanned.page.users
    }

    async fn emails(&mut self, filter: Filter, sort: Sort) -> Vec<String> {
        let users = self.list(filter, sort).await;
        users
            .into_iter()
            .map(|user| user.email.unwrap_or_default())
            .collect()
    }
}

pub(crate) const TABLES: [&str; 11] = [
    "01-seed-windx",
    "02-full-stack-template",
    "03-fastapi-users",
    "04-benavlabs",
    "05-vue-fastapi-admin",
    "06-django",
    "07-laravel",
    "08-admin-flag",
    "09-flask-appbuilder",
    "10-better-auth",
    "11-polar",
];

pub(crate) fn orders(table: &ForeignTable) -> Vec<Sort> {
    let mapping = table.mapping.mapping().unwrap();
    let keys = [
        (SortBy::Email, true),
        (SortBy::Username, mapping.username.is_some()),
        (SortBy::CreatedAt, mapping.created_at.is_some()),
        (SortBy::Id, mapping.created_at.is_none()),
    ];
    let keys = keys.into_iter().filter(|(_, exists)| *exists);
    keys.flat_map(|(by, _)| {
        [SortOrder::Ascending, SortOrder::Descending].map(|order| Sort { by, order })
    })
    .collect()
}

pub(crate) fn row(email: &str, username: Option<&str>) -> ImportRow {
    ImportRow {
        email: email.to_owned(),
        username: username.map(str::to_owned),
        full_name: Some("New Person".to_owned()),
        password_hash: None,
        is_active: None,
        is_superuser: None,
        created_at: None,
        id: None,
        extra: serde_json::Map::new(),
    }
}

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
async fn each_table_takes_new_and_changed_users_and_counts_them() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        let mapping = table.mapping.clone();
        let mapping = mapping.mapping().unwrap();
        let username = mapping.username.is_some().then_some("new");
        let new = row("New@example.com", username);
        let writes = UserWrites::new(Some(mapping));
        let written = bulk::write(&mut table.connection, writes, &[&new], OnConflict::Fail)
            .await
            .unwrap();
        let Written::All(users) = written else {
            panic!("{name}: {written:?}")
        };
        let user = &users[0].user;
        assert_eq!(user.email.as_deref(), Some("New@example.com"), "{name}");
        assert_eq!(user.username.as_deref(), username, "{name}");
        assert!(user.is_active && !user.is_superuser, "{name}");
        if mapping.full_name.is_some() {
            assert_eq!(user.full_name.as_deref(), Some("New Person"), "{name}");
        }
        if mapping.are_emails_unique() {
            let changed = ImportRow {
                is_active: mapping.is_active.as_ref().map(|_| false),
                ..new.clone()
            };
            let written = bulk::write(
                &mut table.connection,
                writes,
                &[&changed],
                OnConflict::Update,
            )
            .await
            .unwrap();
            let Written::All(users) = written else {
                panic!("{name}: {written:?}")
            };
            assert_eq!(users[0].user.id, user.id, "{name}");
            assert_eq!(
                users[0].user.is_active,
                mapping.is_active.is_none(),
                "{name}"
            );
        }
        assert_no_drift(&mut table.connection, name).await;
    }
}

pub(crate) async fn assert_no_drift(connection: &mut PgConnection, name: &str) {
    let drift: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM user_counts_drift) + (SELECT count(*) FROM user_signups_drift)",
    )
    .fetch_one(connection)
    .await
    .unwrap();
    assert_eq!(drift, 0, "{name}");
}

#[tokio::test]
async fn each_table_is_given_back_as_it_was() {
    for name in TABLES {
        let mut table = ForeignTable::create(name).await;
        let before = table.shape().await;
        table.adopt().await;
        assert_ne!(table.shape().await, before, "{name}");
        migrations::remove(&mut table.connection, &table.mapping)
            .await
            .unwrap();
        assert_eq!(table.shape().await, before, "{name}");
    }
}

#[tokio::test]
async fn what_the_application_writes_is_counted() {
    for (name, writes) in [
        (
            "04-benavlabs",
            [
                "UPDATE \"user\" SET is_deleted = TRUE WHERE username = 'boss'",
                "UPDATE \"user\" SET is_deleted = FALSE",
                "DELETE FROM \"user\" WHERE username = 'left'",
            ],
        ),
        (
            "10-better-auth",
            [
                "UPDATE \"user\" SET banned = TRUE",
                "UPDATE \"user\" SET role = 'admin' WHERE name = 'New'",
                "DELETE FROM \"user\" WHERE role = 'user'",
            ],
        ),
        (
            "07-laravel",
            [
                "INSERT INTO public.users (name, email, password) VALUES ('A', 'a@lv.example', 'x')",
                "UPDATE public.users SET created_at = now()",
                "DELETE FROM public.users WHERE name = 'A'",
            ],
        ),
    ] {
        let mut table = ForeignTable::create(name).await;
        table.adopt().await;
        for write in writes {
            table.connection.execute(write).await.unwrap();
            assert_no_drift(&mut table.connection, write).await;
        }
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
async fn a_mapping_that_cannot_work_changes_nothing_and_says_why() {
    let mut table = ForeignTable::create("06-django").await;
    let before = table.shape().await;
    for (mapping, reason) in [
        (
            r#"{"table": "nobody", "id": {"column": "id"}, "email": "email"}"#,
            "there is no table nobody",
        ),
        (
            r#"{"table": "auth_user", "id": {"column": "id", "type": "uuid"}, "email": "mail", "created_at": "username"}"#,
            "email is mapped to the column mail, which the table does not have; it has id, password, last_login, \
             is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined; created_at is \
             mapped to the column username, which is character varying and not a time: convert it with \"sql\"; the \
             id id is integer: \"type\" has to be integer, uuid or text, as it is",
        ),
        (
            r#"{"table": "auth_user", "id": {"column": "id"}, "email": {"sql": "concat_ws('', email)", "unique": false}}"#,
            "the mapping does not work on public.auth_user: functions in index expression must be marked IMMUTABLE",
        ),
        (
            r#"{"table": "auth_user", "id": {"column": "id"}, "email": "email", "username": "username"}"#,
            "usernames of more than one user when case is ignored: 1, listed by",
        ),
    ] {
        let mapping = UsersTable::parse(mapping).unwrap();
        let refusal = migrations::up(&mut table.connection, &mapping)
            .await
            .unwrap_err()
            .to_string();
        assert!(refusal.contains(reason), "{refusal}");
        let mut after = table.shape().await;
        after.retain(|line| line != "schema rollcall");
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn a_database_with_other_tables_gets_no_second_users_table_unasked() {
    let database = TestDatabase::create_empty().await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    connection
        .execute("CREATE TABLE auth_user (id integer PRIMARY KEY)")
        .await
        .unwrap();
    let refusal = migrations::up(&mut connection, &UsersTable::Unspecified).await;
    let refusal = refusal.unwrap_err().to_string();
    assert!(
        refusal.contains("has tables (auth_user), and none is named users"),
        "{refusal}"
    );
    migrations::up(&mut connection, &UsersTable::Own)
        .await
        .unwrap();
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
async fn nobody_but_the_owner_may_execute_a_function_that_a_mapping_made() {
    let mut table = ForeignTable::create("10-better-auth").await;
    table.adopt().await;
    let functions: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT
             proname::text,
             has_function_privilege('public', oid, 'EXECUTE'),
             coalesce(array_to_string(proconfig, ' ') LIKE '%search_path=rollcall, pg_temp%', FALSE)
         FROM pg_proc
         WHERE pronamespace = 'rollcall'::regnamespace
             AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
         ORDER BY proname",
    )
    .fetch_all(&mut table.connection)
    .await
    .unwrap();
    assert_eq!(functions.len(), 7, "{functions:?}");
    for (name, is_public, has_path) in functions {
        assert!(!is_public && has_path, "{name}");
    }
    // The trigger functions are of no use on another table.
    table
        .connection
        .execute("CREATE TABLE public.other (n integer)")
        .await
        .unwrap();
    let stolen = "CREATE TRIGGER t AFTER TRUNCATE ON public.other
                  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.count_truncated_users()";
    table.connection.execute(stolen).await.unwrap();
    let refused = table.connection.execute("TRUNCATE public.other").await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("for triggers on one table alone"),
        "{refused}"
    );
}

#[tokio::test]
async fn the_tables_that_refer_to_a_mapped_user_are_found() {
    for (name, id, table, on_delete) in [
        ("01-seed-windx", "2", "sessions", OnDelete::Cascade),
        (
            "02-full-stack-template",
            "0191a5c0-0000-7000-8000-000000000002",
            "item",
            OnDelete::Cascade,
        ),
        (
            "09-flask-appbuilder",
            "1",
            "ab_user_role",
            OnDelete::Restrict,
        ),
    ] {
        let mut adopted = ForeignTable::create(name).await;
        adopted.adopt().await;
        let mapping = adopted.mapping.clone();
        let id = UserId::parse(id, mapping.id_kind()).unwrap();
        let found = users::find_references(&mut adopted.connection, id, mapping.mapping())
            .await
            .unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].table, table);
        assert_eq!(found[0].on_delete, on_delete);
        assert_eq!(found[0].rows, Some(1));
    }
}
