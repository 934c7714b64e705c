//! How fast users come out again, beside COPY of the same columns.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::TryStreamExt as _;
use rig::Request;
use sqlx::PgConnection;

use crate::fixture;
use crate::imports;
use crate::program::{Program, signing_key};
use crate::report::{in_turn, number, table};

const COPY: &str =
    "COPY users (id, email, username, full_name, is_active, is_superuser, created_at, updated_at)
     TO STDOUT (FORMAT csv)";

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let mut connection = fixture::dataset(&postgres, "bench", users).await?;
    let function = imports::start("users", &postgres.url("bench"), &[]).await?;
    let memory_before = function.memory("VmHWM:")?;
    let mut variants = ["COPY", "ndjson", "csv"];
    let measure = async |variant: &mut &str| {
        let started = Instant::now();
        match *variant {
            "COPY" => copy(&mut connection).await?,
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
            vec![(*variant).to_owned(), number(rate.median()), of_copy]
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
        "export | users a second | of COPY",
        &rows,
    ))
}

async fn copy(connection: &mut PgConnection) -> Result<()> {
    let mut stream = connection.copy_out_raw(COPY).await?;
    while stream.try_next().await?.is_some() {}
    Ok(())
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
