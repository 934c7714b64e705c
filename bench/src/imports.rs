//! How fast imports are, and what each index and the triggers cost them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rig::Request;
use rig::TcpProxy;
use serde_json::{Value, json};
use shared::store::bulk::{self, ImportRow, OnConflict, Written};
use shared::store::mapping::UserWrites;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::fixture::{self, NewRows};
use crate::program::{Program, signing_key};
use crate::report::{Samples, in_turn, milliseconds, number, say, table};

const SIZES: [u32; 5] = [1, 10, 100, 1_000, 10_000];

/// Users of an import of `writes`.
const SIZE: u32 = 1_000;

/// Enough to hash for some seconds, and few enough for the deadline on a slow machine.
const PASSWORDS: u32 = 250;

/// A round trip between a function and a database in two zones of a region.
const ROUND_TRIP: Duration = Duration::from_micros(500);

/// What the table has beside its unique indexes, and the statement that takes it away.
const PARTS: [(&str, &str); 3] = [
    (
        "+ indexes of lists",
        "DROP INDEX ix_users_created_at, ix_users_is_active, ix_users_is_superuser",
    ),
    (
        "+ triggers that count",
        "ALTER TABLE users DISABLE TRIGGER USER",
    ),
    ("+ index of searches", "DROP INDEX ix_users_folded"),
];

/// A way to bring users into the table.
enum Variant {
    /// The fastest that the server has; it tells neither ids nor conflicts.
    Copy(PgConnection),
    /// One INSERT per row in one transaction, as an object-relational mapper does it.
    RowByRow(PgConnection),
    /// The import's own statement.
    Import(PgConnection),
    Function(Box<Program>),
}

pub async fn bulk(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let near = postgres.url("bench");
    let connection = fixture::dataset(&postgres, "bench", users).await?;
    let proxy = TcpProxy::to(postgres.port()).await?;
    proxy.delay(ROUND_TRIP / 2);
    let far = proxy.url(&near);
    let mut variants = [
        Variant::Copy(connection),
        Variant::RowByRow(PgConnection::connect(&near).await?),
        Variant::Import(PgConnection::connect(&near).await?),
        Variant::Function(bulk_create(&near).await?),
        Variant::RowByRow(PgConnection::connect(&far).await?),
        Variant::Function(bulk_create(&far).await?),
    ];
    let mut new_rows = NewRows::after(&postgres, users).await?;
    let mut rows = Vec::new();
    // A small run has small imports.
    for size in SIZES.into_iter().filter(|size| *size <= users) {
        say(&format!("{size} users"));
        let measure = async |variant: &mut Variant| {
            let rows = new_rows.next(size).await?;
            variant.import(&rows).await
        };
        let samples = in_turn(rounds, &mut variants, measure).await?;
        let medians: Vec<f64> = samples.iter().map(Samples::median).collect();
        let cell = |variant: usize| {
            let rate = f64::from(size) / medians[variant] * 1e3;
            format!("{} ({rate:.0})", number(medians[variant]))
        };
        let mut row = vec![size.to_string()];
        row.extend((0..variants.len()).map(cell));
        row.push(format!("{:.0} %", 100.0 * medians[0] / medians[2]));
        row.push(number(medians[4] / medians[5]));
        rows.push(row);
    }
    say("plaintext passwords");
    let mut passwords = as_json(&new_rows.next(PASSWORDS).await?);
    for user in passwords
        .as_array_mut()
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        user.remove("password_hash");
        user.insert("password".to_owned(), json!("correct horse battery"));
    }
    let function = bulk_create(&near).await?;
    let rate = f64::from(PASSWORDS) / function.send(&request(&passwords)?).await? * 1e3;
    let conditions = format!(
        "{}, durable commits, {users} users before, {rounds} rounds. *Far* is a round trip of {} ms. The \
         function hashes {} plaintext passwords a second and takes {:.0} MB.",
        fixture::conditions(&postgres),
        milliseconds(ROUND_TRIP),
        number(rate),
        function.memory("VmHWM:")?,
    );
    let head = "users | COPY | one INSERT per row | import, SQL alone | through the function | \
        one INSERT per row, far | through the function, far | import of COPY | function of INSERTs, far";
    Ok(table(&conditions, head, &rows))
}

pub async fn writes(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    fixture::dataset(&postgres, "whole", users)
        .await?
        .close()
        .await?;
    let mut variants = Vec::new();
    for count in 0..=PARTS.len() {
        let mut connection = fixture::create(&postgres, &format!("parts{count}"), "whole").await?;
        for (_, take_away) in &PARTS[count..] {
            connection.execute(*take_away).await?;
        }
        fixture::settle(&mut connection).await?;
        variants.push(Variant::Import(connection));
    }
    let mut new_rows = NewRows::after(&postgres, users).await?;
    let measure = async |variant: &mut Variant| {
        let rows = new_rows.next(SIZE).await?;
        variant.import(&rows).await
    };
    let samples = in_turn(rounds, &mut variants, measure).await?;
    // Sums, because the index of searches puts work off, and one import in several does it for all.
    let sums: Vec<f64> = samples.iter().map(Samples::sum).collect();
    let names = ["unique indexes alone"]
        .into_iter()
        .chain(PARTS.map(|(name, _)| name));
    let row = |(place, name): (usize, &str)| {
        let before = if place == 0 { 0.0 } else { sums[place - 1] };
        vec![
            name.to_owned(),
            number(f64::from(SIZE * rounds) / sums[place] * 1e3),
            number(sums[place] / sums[0]),
            format!(
                "{:.0} %",
                100.0 * (sums[place] - before) / sums[PARTS.len()]
            ),
        ]
    };
    let rows: Vec<_> = names.enumerate().map(row).collect();
    let conditions = format!(
        "{}, durable commits, {users} users before, {rounds} imports of {SIZE} users.",
        fixture::conditions(&postgres),
    );
    let head = "the table has | users a second | time, of the first | share of the whole";
    Ok(table(&conditions, head, &rows))
}

impl Variant {
    /// How many milliseconds an import takes, from its beginning to its commit.
    async fn import(&mut self, rows: &[ImportRow]) -> Result<f64> {
        let started = Instant::now();
        match self {
            Self::Copy(connection) => copy(connection, rows).await?,
            Self::RowByRow(connection) => row_by_row(connection, rows).await?,
            Self::Import(connection) => import(connection, rows).await?,
            Self::Function(function) => return function.send(&request(&as_json(rows))?).await,
        }
        Ok(milliseconds(started.elapsed()))
    }
}

async fn copy(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<()> {
    let statement = "COPY users (email, username, full_name, password_hash) FROM STDIN";
    let mut stream = connection.copy_in_raw(statement).await?;
    let mut lines = String::new();
    for row in rows {
        let [name, hash] =
            [&row.full_name, &row.password_hash].map(|value| value.as_deref().unwrap_or("\\N"));
        let username = row.username.as_deref().unwrap_or_default();
        lines.push_str(&[row.email.as_str(), username, name, hash].join("\t"));
        lines.push('\n');
    }
    stream.send(lines.into_bytes()).await?;
    stream.finish().await?;
    Ok(())
}

async fn row_by_row(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<()> {
    let mut transaction = connection.begin().await?;
    for row in rows {
        let insert = sqlx::query(
            "INSERT INTO users (email, username, full_name, password_hash)
             VALUES ($1, $2, $3, $4)
             RETURNING id, created_at, updated_at",
        );
        let insert = insert.bind(&row.email).bind(&row.username);
        let insert = insert.bind(&row.full_name).bind(&row.password_hash);
        insert.fetch_one(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

async fn import(connection: &mut PgConnection, rows: &[ImportRow]) -> Result<()> {
    let mut transaction = connection.begin().await?;
    let rows: Vec<_> = rows.iter().collect();
    match bulk::write(
        &mut transaction,
        UserWrites::new(None),
        &rows,
        OnConflict::Fail,
    )
    .await?
    {
        Written::All(_) => Ok(transaction.commit().await?),
        other => bail!("an import was refused: {other:?}"),
    }
}

async fn bulk_create(url: &str) -> Result<Box<Program>> {
    start("bulk-create", url, &[]).await
}

/// A function, started with these variables too.
pub async fn start(binary: &str, url: &str, variables: &[(&str, &str)]) -> Result<Box<Program>> {
    let key = signing_key().verification_key();
    let own = [("DATABASE_URL", url), ("JWT_KEY", &key)];
    let environment = own.iter().chain(variables);
    let environment = environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = environment.collect();
    let program = Program::new(binary, environment, Request::get("/")).await?;
    program.function.start_instance().await?;
    Ok(Box::new(program))
}

/// An import of these users.
pub fn request(users: &Value) -> Result<Request> {
    let request = Request::post("/api/v1/users/bulk");
    Ok(request.bearer(&signing_key().token(1)?).json(users))
}

/// The rows as a caller sends them.
pub fn as_json(rows: &[ImportRow]) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "email": row.email,
            "username": row.username,
            "full_name": row.full_name,
            "password_hash": row.password_hash,
        })
    });
    rows.collect()
}
