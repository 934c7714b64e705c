//! Tables that people have, each with the mapping that makes it rollcall's: see `docs/tables`.

use std::fs;
use std::path::Path;

use rig::TestDatabase;
use shared::platform::config::UsersTable;
use shared::store::bulk::ImportRow;
use shared::store::{list, migrations};
use shared::users::{CountMode, Filter, ListQuery, Position, Sort, SortBy, SortOrder, User};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection};

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

    pub(crate) async fn emails(&mut self, filter: Filter, sort: Sort) -> Vec<String> {
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

pub(crate) async fn assert_no_drift(connection: &mut PgConnection, name: &str) {
    let drift: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM user_counts_drift) + (SELECT count(*) FROM user_signups_drift)",
    )
    .fetch_one(connection)
    .await
    .unwrap();
    assert_eq!(drift, 0, "{name}");
}
