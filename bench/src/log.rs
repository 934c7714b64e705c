//! What the log of changes costs, and requests for one user beside those for a list.

use std::cell::Cell;

use anyhow::{Result, ensure};
use rig::Request;
use serde_json::json;

use crate::fixture::{self, NewRows};
use crate::imports;
use crate::load::closed_loop;
use crate::program::{Program, signing_key};
use crate::report::{Samples, in_turn, number, say, table};

/// Users of an import.
const SIZE: u32 = 10_000;

/// Requests in a row before it is the turn of others.
const BATCH: u32 = 250;

pub async fn run(rounds: u32, users: u32) -> Result<String> {
    let postgres = fixture::durable_server()?;
    let mut connection = fixture::dataset(&postgres, "bench", users).await?;
    let url = postgres.url("bench");
    let start = async |binary| -> Result<_> {
        let with = imports::start(binary, &url, &[]).await?;
        Ok([
            with,
            imports::start(binary, &url, &[("AUDIT_LOG", "off")]).await?,
        ])
    };
    say("imports");
    let mut new_rows = NewRows::after(&postgres, users).await?;
    let import = async |function: &mut Box<Program>| {
        let rows = imports::as_json(&new_rows.next(SIZE).await?);
        function.send(&imports::request(&rows)?).await
    };
    let imports = in_turn(rounds, &mut start("bulk-create").await?, import).await?;
    fixture::settle(&mut connection).await?;
    say("changes of one user");
    let mut functions = start("users").await?;
    let next = Cell::new(0_u32);
    let token = signing_key().token(1)?;
    let change = async |function: &mut Box<Program>| {
        let patch = async |_| {
            let number = next.replace(next.get() + 1);
            // Neighbours are on other pages.
            let id = 2 + u64::from(number) * 7_919 % u64::from(users - 1);
            let request = Request::new("PATCH", &format!("/api/v1/users/{id}")).bearer(&token);
            let body = json!({ "full_name": format!("Name {number}") });
            function.function.send(&request.json(&body)).await
        };
        let load = closed_loop(1, BATCH, patch).await;
        ensure!(load.failures.is_empty(), "{:?}", load.failures);
        Ok(load.times.median())
    };
    let changes = in_turn(rounds, &mut functions, change).await?;
    say("reads");
    let read = async |path: &mut &str| {
        let request = Request::get(path).bearer(&token);
        let send = async |_| functions[0].function.send(&request).await;
        let load = closed_loop(1, BATCH, send).await;
        ensure!(load.failures.is_empty(), "{:?}", load.failures);
        Ok(f64::from(BATCH) / load.seconds)
    };
    let mut paths = [
        "/api/v1/users/2",
        "/api/v1/users?count=none",
        "/api/v1/users",
    ];
    let reads = in_turn(rounds, &mut paths, read).await?;
    let row = |name: &str, times: &[Samples]| {
        // Of sums, because the index of searches puts work off, and one import in several does it for all.
        let share = 100.0 * (times[0].sum() / times[1].sum() - 1.0);
        let times = [times[0].spread(), times[1].spread()];
        let share = format!("{share:.0} %");
        [name.to_owned()]
            .into_iter()
            .chain(times)
            .chain([share])
            .collect()
    };
    let rows = [
        row("import of 10,000 users", &imports),
        row("PATCH of one user", &changes),
    ];
    let [one, page, counted] = [0, 1, 2].map(|path| number(reads[path].median()));
    let conditions = format!(
        "{}, durable commits, {users} users before, {rounds} rounds. Times are in milliseconds, median / 99th \
         percentile; of PATCH, of the medians of {BATCH} in a row. The cost is of their sums. One caller reads one user {one} times a second, a \
         list of 50 {page} times, and with its total {counted} times.",
        fixture::conditions(&postgres),
    );
    Ok(table(
        &conditions,
        "what | with the log | without | the log costs",
        &rows,
    ))
}
