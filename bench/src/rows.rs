//! How long it takes to read and check a row of an import, beside another build of the function.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use rig::Request;
use shared::store::bulk::ImportRow;

use crate::fixture::{self, NewRows};
use crate::imports;
use crate::program::signing_key;
use crate::report::{in_turn, milliseconds, number, say, table};

/// As many rows as an import takes.
const SIZE: u32 = 10_000;

/// The last row is refused, so that all are read and checked, and none is written.
pub async fn run(rounds: u32, beside: Option<&Path>) -> Result<String> {
    let postgres = fixture::durable_server()?;
    fixture::dataset(&postgres, "bench", 1_000).await?;
    let url = postgres.url("bench");
    let binaries = ["bulk-create"].into_iter();
    let binaries = binaries.chain(beside.and_then(Path::to_str));
    let mut functions = Vec::new();
    for binary in binaries {
        functions.push(imports::start(binary, &url, &[]).await?);
    }
    let mut rows = NewRows::after(&postgres, 1_000)
        .await?
        .next(2 * SIZE)
        .await?;
    let is_ascii = |text: &Option<String>| text.as_deref().is_none_or(str::is_ascii);
    rows.retain(|row| row.email.is_ascii() && is_ascii(&row.username) && is_ascii(&row.full_name));
    rows.truncate(usize::try_from(SIZE)?);
    ensure!(
        rows.len() == usize::try_from(SIZE)?,
        "too few rows of ASCII"
    );
    if let Some(row) = rows.last_mut() {
        "nobody".clone_into(&mut row.email);
    }
    let mut table_rows = Vec::new();
    for (format, body) in bodies(&rows) {
        say(format);
        let token = signing_key().token(1)?;
        let request = Request::post("/api/v1/users/bulk").bearer(&token);
        let request = request.header("content-type", format).body(body);
        let times = in_turn(rounds, &mut functions, async |function| {
            let started = Instant::now();
            let response = function.function.send(&request).await;
            let time = milliseconds(started.elapsed());
            ensure!(response.status == 422, "{}", response.text());
            Ok(time * 1e3 / f64::from(SIZE))
        })
        .await?;
        let [other, ratio] = times.get(1).map_or_else(Default::default, |other| {
            [other.spread(), number(times[0].median_ratio(other))]
        });
        table_rows.push(vec![format.to_owned(), times[0].spread(), other, ratio]);
    }
    let conditions = format!(
        "{}, {SIZE} rows of ASCII a request, through the function, {rounds} rounds. Median / 99th percentile in µs a row.",
        fixture::conditions(&postgres),
    );
    let head = "format | this build | the other one | this one of the other";
    Ok(table(&conditions, head, &table_rows))
}

/// The rows in every format, each with its media type.
fn bodies(rows: &[ImportRow]) -> [(&'static str, String); 3] {
    let users = imports::as_json(rows);
    let lines: Vec<_> = users
        .as_array()
        .into_iter()
        .flatten()
        .map(|user| format!("{user}\n"))
        .collect();
    let csv = rows.iter().map(|row| {
        let [name, hash] =
            [&row.full_name, &row.password_hash].map(|value| value.as_deref().unwrap_or_default());
        let username = row.username.as_deref().unwrap_or_default();
        format!("{},{username},{name},\"{hash}\"\n", row.email)
    });
    let csv: String = ["email,username,full_name,password_hash\n".to_owned()]
        .into_iter()
        .chain(csv)
        .collect();
    [
        ("application/json", users.to_string()),
        ("application/x-ndjson", lines.concat()),
        ("text/csv", csv),
    ]
}
