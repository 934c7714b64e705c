//! How fast users come out again, beside COPY of the same columns, and beside `psql`, which writes them to a file, where
//! the server has it beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::TryStreamExt as _;
use rig::Request;
use servers::Postgres;
use sqlx::PgConnection;

use crate::fixture;
use crate::imports;
use crate::program::{Program, signing_key};
use crate::report::{in_turn, number, table};

const COLUMNS: &str =
    "id, email, username, full_name, is_active, is_superuser, created_at, updated_at";

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let mut connection = fixture::dataset(&postgres, "bench", users).await?;
    let function = imports::start("users", &postgres.url("bench"), &[]).await?;
    let memory_before = function.memory("VmHWM:")?;
    let psql = find_psql(&mut connection).await?;
    let mut variants = vec!["COPY", "ndjson", "csv"];
    variants.extend(psql.is_some().then_some("psql"));
    let measure = async |variant: &mut &str| {
        let started = Instant::now();
        match *variant {
            "COPY" => copy(&mut connection).await?,
            "psql" => copy_to_file(psql.as_deref(), &postgres)?,
            format => export(&function, format, users).await?,
        }
        Ok(f64::from(users) / started.elapsed().as_secs_f64())
    };
    let rates = in_turn(rounds, &mut variants, measure).await?;
    let rows: Vec<_> = variants
        .iter()
        .zip(&rates)
        .map(|(variant, rate)| {
            let of_copy = number(rate.median_ratio(&rates[0]));
            let of_psql = rates.get(3).map(|psql| number(rate.median_ratio(psql)));
            let cells = [(*variant).to_owned(), number(rate.median()), of_copy];
            cells.into_iter().chain(of_psql).collect()
        })
        .collect();
    let conditions = format!(
        "{}, {users} users, {rounds} rounds. The function took {} MB before and {} MB at most.",
        fixture::conditions(&postgres),
        number(memory_before),
        number(function.memory("VmHWM:")?),
    );
    Ok(table(
        &conditions,
        &format!(
            "export | users a second | of COPY{}",
            psql.map_or("", |_| " | of psql")
        ),
        &rows,
    ))
}

async fn copy(connection: &mut PgConnection) -> Result<()> {
    let statement = format!("COPY users ({COLUMNS}) TO STDOUT (FORMAT csv)");
    let mut stream = connection.copy_out_raw(&statement).await?;
    while stream.try_next().await?.is_some() {}
    Ok(())
}

async fn find_psql(connection: &mut PgConnection) -> Result<Option<PathBuf>> {
    let folder = sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
    let folder: String = folder.fetch_one(connection).await?;
    let program = PathBuf::from(folder).join("psql");
    Ok(program.is_file().then_some(program))
}

fn copy_to_file(psql: Option<&Path>, postgres: &Postgres) -> Result<()> {
    let file = postgres.folder().join("copied.csv");
    let copy = format!(r"\copy users ({COLUMNS}) TO '{}' CSV", file.display());
    let psql = psql.context("there is no psql")?;
    let mut command = Command::new(psql);
    let copied = command.args([
        "--quiet",
        "--no-psqlrc",
        "--command",
        &copy,
        &postgres.url("bench"),
    ]);
    ensure!(
        copied.stdout(Stdio::null()).status()?.success(),
        "psql failed"
    );
    Ok(fs::remove_file(file)?)
}

/// All parts, one after the other, and a look at the count of the last one.
async fn export(function: &Program, format: &str, users: u32) -> Result<()> {
    let token = signing_key().token(1)?;
    let mut next = Some(format!("/api/v1/users/export?format={format}"));
    let mut count = String::new();
    while let Some(path) = next {
        let part = function
            .function
            .send(&Request::get(&path).bearer(&token))
            .await;
        ensure!(part.status == 200, "{}", part.text());
        let header = |name| part.header(name);
        count = header("export-count").context("a part has no count")?;
        next = header("link").and_then(|link| Some(link.split(['<', '>']).nth(1)?.to_owned()));
    }
    ensure!(count == users.to_string(), "{count} users of {users}");
    Ok(())
}
