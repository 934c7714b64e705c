//! `cargo xtask bench bulk`: how fast imports are.

mod argon2_in_c;
mod latency;
mod passwords;
mod table;
mod through_function;
pub(super) mod ways;

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use servers::Postgres;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use self::latency::SlowLine;
use self::through_function::Import;
use self::ways::{Newcomers, Way};
use super::{document, durable, release, town};
use crate::console;

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// A table of some size has indexes of some depth, and plans that are not those of an empty one.
pub(super) const USERS_BEFORE: u32 = 100_000;

/// A round trip between a function and a database in one region, in different zones.
const ROUND_TRIP: Duration = Duration::from_micros(500);

/// What `cargo xtask bench bulk` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How often everything is measured; the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u8).range(1..=99))]
    rounds: u8,
}

/// The median times of one size.
struct Medians {
    size: usize,
    copy: Duration,
    row_by_row: Duration,
    import: Duration,
    function: Duration,
    distant_row_by_row: Duration,
    distant_function: Duration,
}

/// Measures, prints, and writes the table into the document.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    // A slow client would make what takes many round trips look slower than it is.
    if cfg!(debug_assertions) {
        let rounds = arguments.rounds.to_string();
        return release::run_optimised(&["bulk".to_owned(), "--rounds".to_owned(), rounds]);
    }
    release::build(&["bulk-create"])?;
    let postgres = Postgres::start(&durable::options())?;
    let url = postgres.url("bench");
    let text = runtime.block_on(measure(&postgres, &url, usize::from(arguments.rounds)))?;
    console::say(&text);
    let path = document::replace("bulk", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(postgres: &Postgres, url: &str, rounds: usize) -> Result<String> {
    let mut connection = town::build(postgres, USERS_BEFORE).await?;
    let line = SlowLine::open(postgres.port(), ROUND_TRIP / 2)?;
    let distant_url = line.url(url);
    let mut distant = PgConnection::connect(&distant_url)
        .await
        .context("cannot reach the database through the slow line")?;
    let program = release::function("bulk-create");
    let near_function = Import::start(&program, url).await?;
    let distant_function = Import::start(&program, &distant_url).await?;

    let mut newcomers = Newcomers::after(USERS_BEFORE);
    let mut rows = Vec::new();
    for size in SIZES {
        console::announce(&format!("{size} rows"));
        let mut times: [Vec<Duration>; 6] = Default::default();
        // Taken in turn, so that a slow moment of the machine meets all of them.
        for _ in 0..=rounds {
            times[0].push(
                Way::Copy
                    .time(&mut connection, &newcomers.next(size))
                    .await?,
            );
            times[1].push(
                Way::RowByRow
                    .time(&mut connection, &newcomers.next(size))
                    .await?,
            );
            times[2].push(
                Way::Import
                    .time(&mut connection, &newcomers.next(size))
                    .await?,
            );
            times[3].push(near_function.time(&newcomers.next(size)).await?);
            times[4].push(
                Way::RowByRow
                    .time(&mut distant, &newcomers.next(size))
                    .await?,
            );
            times[5].push(distant_function.time(&newcomers.next(size)).await?);
        }
        let [
            copy,
            row_by_row,
            import,
            function,
            distant_row_by_row,
            distant_function,
        ] = times.map(median_after_first);
        rows.push(Medians {
            size,
            copy,
            row_by_row,
            import,
            function,
            distant_row_by_row,
            distant_function,
        });
    }
    let peak_megabytes = near_function.peak_megabytes()?;
    console::announce("passwords");
    let passwords = passwords::measure(&near_function, &mut newcomers).await?;
    let peak_with_passwords = near_function.peak_megabytes()?;
    Ok(table::write(
        &rows,
        [peak_megabytes, peak_with_passwords],
        &passwords,
        postgres.major(),
        rounds,
    ))
}

/// The first round warms everything up and does not count.
fn median_after_first(mut times: Vec<Duration>) -> Duration {
    times.remove(0);
    times.sort_unstable();
    times[times.len() / 2]
}
