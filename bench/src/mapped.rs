//! The same users in rollcall's own table and in tables of other applications.

use std::time::Instant;

use anyhow::{Result, bail};
use rig::Request;
use serde_json::Value;
use servers::Postgres;
use shared::platform::config::{DatabaseConfig, SearchConfig, UsersMapping, UsersTable, Variables};
use shared::platform::database::{Database, connect_options, parse_url};
use shared::store::bulk::{self, OnConflict, Written};
use shared::store::mapping::UserWrites;
use shared::store::migrations;
use shared::store::stats::count_users;
use shared::users::{CountMode, Filter, ListQuery, Position, SearchTerm, Sort, SortBy, SortOrder};
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::deployment::Environment;
use crate::fixture::{self, NewRows};
use crate::program::{Program, signing_key};
use crate::report::{Samples, in_turn, milliseconds, number, say, table};
use crate::scale::{PAGE, SCAN_LIMIT, deadline, list, orders, server};

/// Users of one import.
const IMPORTED: u32 = 1_000;

const COLUMNS: &str = "email text NOT NULL UNIQUE, username text NOT NULL UNIQUE, full_name text, password_hash text, \
     is_active boolean NOT NULL, is_superuser boolean NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz";
const PLAIN: &str = r#""email": "email", "username": "username", "full_name": "full_name", "password_hash": "password_hash",
     "is_active": "is_active", "is_superuser": "is_superuser", "created_at": "created_at", "updated_at": "updated_at""#;

/// Name, columns, mapping, and what is selected from generated users; rollcall's own table has none of it.
fn variants() -> [(&'static str, String, String, &'static str); 3] {
    [
        (
            "same columns",
            format!("id bigserial PRIMARY KEY, {COLUMNS}"),
            format!(r#"{{"table": "people", "id": {{"column": "id"}}, {PLAIN}}}"#),
            "(email, username, full_name, password_hash, is_active, is_superuser, created_at) SELECT *",
        ),
        (
            "uuid",
            format!("id uuid PRIMARY KEY DEFAULT gen_random_uuid(), {COLUMNS}"),
            format!(r#"{{"table": "people", "id": {{"column": "id", "type": "uuid", "new": "uuid7"}}, {PLAIN}}}"#),
            "(email, username, full_name, password_hash, is_active, is_superuser, created_at) SELECT *",
        ),
        (
            "expressions",
            "id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, login text NOT NULL UNIQUE, first_name text, last_name text, \
             hash text NOT NULL, status text NOT NULL, role text NOT NULL, joined timestamp NOT NULL, deleted_at timestamp"
                .to_owned(),
            r#"{"table": "people", "id": {"column": "id"}, "email": "email", "username": "login",
                "full_name": {"sql": "nullif(btrim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '')",
                    "write": {"first_name": "split_part($value, ' ', 1)", "last_name": "split_part($value, ' ', 2)"}},
                "password_hash": {"column": "hash", "default": "'!'"},
                "is_active": {"sql": "status = 'active'", "write": {"status": "CASE WHEN $value THEN 'active' ELSE 'off' END"}},
                "is_superuser": {"sql": "role = 'admin'", "write": {"role": "CASE WHEN $value THEN 'admin' ELSE 'user' END"}},
                "created_at": "joined", "users_are": "deleted_at IS NULL"}"#
                .to_owned(),
            "(email, login, first_name, last_name, hash, status, role, joined) \
             SELECT email, username, split_part(full_name, ' ', 1), split_part(full_name, ' ', 2), password_hash, \
             CASE WHEN is_active THEN 'active' ELSE 'off' END, CASE WHEN is_superuser THEN 'admin' ELSE 'user' END, \
             created_at AT TIME ZONE 'UTC'",
        ),
    ]
}

/// A database with the users.
struct Variant {
    name: &'static str,
    mapping: UsersTable,
    environment: Environment,
    database: Database,
    connection: PgConnection,
}

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = server()?;
    let mut own = fixture::dataset(&postgres, "own", users).await?;
    // The others were counted when they were adopted, and not user by user. Their indexes are made of all rows at
    // once, and two more are the application's.
    own.execute(
        "SELECT compact_user_counts();
         CREATE UNIQUE INDEX ON users (email);
         CREATE UNIQUE INDEX ON users (username);
         REINDEX TABLE users",
    )
    .await?;
    fixture::settle(&mut own).await?;
    let mut all = vec![Variant::new(
        &postgres,
        "own",
        "own",
        UsersTable::Unspecified,
        own,
    )?];
    for (place, (name, columns, mapping, values)) in variants().into_iter().enumerate() {
        say(&format!("makes {users} users: {name}"));
        let database = format!("mapped_{place}");
        let mut connection = fixture::create(&postgres, &database, "template1").await?;
        connection
            .execute("SET search_path = rollcall, public")
            .await?;
        connection.execute(fixture::GENERATOR).await?;
        let statements = format!(
            "CREATE TABLE public.people ({columns});
             INSERT INTO public.people {values}
             FROM pg_temp.generated_users(1, {users}, INTERVAL '9 years', 'gmail.com')"
        );
        connection.execute(statements.as_str()).await?;
        let mapping = UsersTable::parse(&mapping)?;
        migrations::up(&mut connection, &mapping).await?;
        fixture::settle(&mut connection).await?;
        all.push(Variant::new(
            &postgres, name, &database, mapping, connection,
        )?);
    }
    let mut rows = Vec::new();
    let statistics = async |variant: &mut Variant| variant.statistics().await;
    rows.push(row(
        "statistics",
        &in_turn(rounds * 10, &mut all, statistics).await?,
    ));
    for sort in orders() {
        let list = async |variant: &mut Variant| variant.pages(sort, None).await;
        let samples = in_turn(rounds, &mut all, list).await?;
        let by = sort.by.as_str();
        rows.push(row(
            &format!("lists by {by} {}", sort.order.as_str()),
            &samples,
        ));
    }
    let newest = Sort {
        by: SortBy::CreatedAt,
        order: SortOrder::Descending,
    };
    for term in ["smith", "karelson", "nobody has this"] {
        let search = async |variant: &mut Variant| variant.pages(newest, Some(term)).await;
        let samples = in_turn(rounds, &mut all, search).await?;
        rows.push(row(&format!("search for {term}"), &samples));
    }
    let mut new_rows = NewRows::after(&postgres, users).await?;
    let import = async |variant: &mut Variant| variant.import(&mut new_rows).await;
    rows.push(row(
        "import of 1,000",
        &in_turn(rounds, &mut all, import).await?,
    ));
    let email = sqlx::query_scalar("SELECT email FROM users WHERE is_active LIMIT 1");
    let email: String = email.fetch_one(&mut all[0].connection).await?;
    let mut functions = Vec::new();
    for variant in &all {
        functions.push(variant.function(&email).await?);
    }
    let start = async |function: &mut Program| function.start().await;
    rows.push(row(
        "cold start, to the first list",
        &in_turn(rounds, &mut functions, start).await?,
    ));
    let conditions = format!(
        "{}, {users} users, all data in memory, {rounds} rounds. Medians in ms, and how many times as long as in rollcall's own table.",
        fixture::conditions(&postgres)
    );
    let names: Vec<_> = all.iter().map(|variant| variant.name).collect();
    Ok(table(
        &conditions,
        &format!("query | {}", names.join(" | ")),
        &rows,
    ))
}

fn row(name: &str, samples: &[Samples]) -> Vec<String> {
    let own = samples[0].median();
    let cells = samples.iter().enumerate().map(|(place, samples)| {
        let median = number(samples.median());
        if place == 0 {
            median
        } else {
            format!("{median} ({:.2})", samples.median() / own)
        }
    });
    [name.to_owned()].into_iter().chain(cells).collect()
}

impl Variant {
    fn new(
        postgres: &Postgres,
        name: &'static str,
        database: &str,
        mapping: UsersTable,
        connection: PgConnection,
    ) -> Result<Self> {
        let url = postgres.url(database);
        let json = mapping
            .mapping()
            .map(UsersMapping::to_json)
            .unwrap_or_default();
        let variables = [("DATABASE_URL", &url), ("USERS_TABLE", &json)];
        let environment = variables.map(|(name, value)| (name.to_owned(), value.clone()));
        let variables = variables.map(|(name, value)| (name, value.as_str()));
        let config = DatabaseConfig::for_migrations(&Variables::from(variables))?;
        let options = connect_options(&config, parse_url("DATABASE_URL", &url)?, "bench");
        Ok(Self {
            name,
            mapping,
            environment: environment.into(),
            database: Database::new(&config, options, None)?,
            connection,
        })
    }

    /// The function for lists, asked by a user with rights by a claim, who is known in all tables by the email.
    async fn function(&self, email: &str) -> Result<Program> {
        let mut environment = self.environment.clone();
        environment.extend(
            [
                ("JWT_KEY", signing_key().verification_key().as_str()),
                ("JWT_SUBJECT_FIELD", "email"),
                ("JWT_SUPERUSER_CLAIM", "role=admin"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let mut claims = rig::token::claims(1);
        claims["sub"] = Value::from(email);
        claims["role"] = Value::from("admin");
        let token = signing_key().sign(&claims)?;
        let request = Request::get("/api/v1/users").bearer(&token);
        Program::new("users", environment, request).await
    }

    async fn statistics(&mut self) -> Result<f64> {
        let started = Instant::now();
        let deadline = deadline();
        self.database
            .read(&deadline, |mut lease| async move {
                (count_users(&mut lease).await, lease)
            })
            .await?;
        Ok(milliseconds(started.elapsed()))
    }

    /// The first page, and one that is 10,000 users deep, of three filters.
    async fn pages(&mut self, sort: Sort, term: Option<&str>) -> Result<f64> {
        let config = SearchConfig::from_variables(&Variables::from([]))?;
        let mut time = 0.0;
        for is_active in [None, Some(true), Some(false)] {
            for page in [1, 10_000 / PAGE] {
                let query = ListQuery {
                    filter: Filter {
                        is_active,
                        search: term.and_then(|term| SearchTerm::parse(term).ok()),
                        ..Filter::default()
                    },
                    sort,
                    position: Position::Page(if term.is_some() { 1 } else { page }),
                    size: PAGE,
                    count: CountMode::Capped,
                    scan_limit: SCAN_LIMIT,
                };
                let started = Instant::now();
                list(&self.database, &config, &query).await?;
                time += milliseconds(started.elapsed());
            }
        }
        Ok(time)
    }

    async fn import(&mut self, rows: &mut NewRows) -> Result<f64> {
        let rows = rows.next(IMPORTED).await?;
        let rows: Vec<_> = rows.iter().collect();
        let started = Instant::now();
        let mut transaction = self.connection.begin().await?;
        let writes = UserWrites::new(self.mapping.mapping());
        let written = bulk::write(&mut transaction, writes, &rows, OnConflict::Fail).await?;
        transaction.commit().await?;
        let time = milliseconds(started.elapsed());
        match written {
            Written::All(_) => Ok(time),
            other => bail!("{other:?}"),
        }
    }
}
