//! `cargo xtask bench writes`: what each index and the triggers cost an import.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use sqlx::{Executor as _, PgConnection};
use tokio::runtime::Runtime;

use super::bulk::ways::{Newcomers, Way};
use super::durable::{self, Server};
use super::{document, release};
use crate::console;

const USERS_BEFORE: u32 = 300_000;
const ROWS: u32 = 1_000;

/// What is added to the unique indexes, one after the other, and the SQL that takes it away.
const PARTS: [(&str, &str); 3] = [
    (
        "+ indexes of lists",
        "DROP INDEX ix_users_created_at, ix_users_is_active, ix_users_is_superuser",
    ),
    (
        "+ triggers that count",
        "ALTER TABLE users DISABLE TRIGGER USER",
    ),
    ("+ index of searches", "DROP INDEX ix_users_search"),
];

/// What `cargo xtask bench writes` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many imports of 1000 users each table takes
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..))]
    rounds: u32,
}

/// A table with some of the parts.
struct Stage {
    name: &'static str,
    connection: PgConnection,
    time: Duration,
}

/// Measures, prints, and writes the table into the document.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    // A slow client adds the same to all and makes them look alike.
    if cfg!(debug_assertions) {
        let rounds = arguments.rounds.to_string();
        return release::run_optimised(&["writes".to_owned(), "--rounds".to_owned(), rounds]);
    }
    let server = Server::start()?;
    let text = runtime.block_on(measure(&server, arguments.rounds))?;
    console::say(&text);
    let path = document::replace("writes", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(server: &Server, rounds: u32) -> Result<String> {
    console::announce(&format!("tables of {USERS_BEFORE} users"));
    server.create_with_users("whole", USERS_BEFORE).await?;
    let mut stages = Vec::new();
    for count in 0..=PARTS.len() {
        let mut connection = server.copy("whole", &format!("stage{count}")).await?;
        for (_, take_away) in &PARTS[count..] {
            connection.execute(*take_away).await?;
        }
        durable::settle(&mut connection).await?;
        stages.push(Stage {
            name: count
                .checked_sub(1)
                .map_or("unique indexes alone", |last| PARTS[last].0),
            connection,
            time: Duration::ZERO,
        });
    }
    console::announce(&format!("{rounds} imports of {ROWS} users into each"));
    let mut newcomers = Newcomers::after(USERS_BEFORE);
    for round in 0..=rounds {
        // Taken in turn, so that a slow moment of the machine meets all of them.
        for stage in &mut stages {
            let rows = newcomers.next(ROWS as usize);
            let time = Way::Import.time(&mut stage.connection, &rows).await?;
            // The first round warms everything up and does not count.
            if round > 0 {
                stage.time += time;
            }
        }
    }
    Ok(table(server, &stages, rounds))
}

fn table(server: &Server, stages: &[Stage], rounds: u32) -> String {
    let mut text = format!(
        "## What indexes cost imports\n\n\
         `cargo xtask bench writes`: release build, imports of {ROWS} users by the import's own statement into tables of \
         {USERS_BEFORE} users, PostgreSQL {} on the same {} cores, durable commits, sums of {rounds} \
         imports each, taken in turn. A sum and not a median, because an index of searches puts work off \
         and does it in some imports for all.\n\n\
         | the table has | users a second | time, of that with unique indexes alone | its share of the whole |\n\
         |---|--:|--:|--:|\n",
        server.major(),
        durable::cores(),
    );
    let whole = stages
        .last()
        .map_or(f64::NAN, |stage| stage.time.as_secs_f64());
    let mut before = None;
    for stage in stages {
        let time = stage.time.as_secs_f64();
        let base = stages[0].time.as_secs_f64();
        let share = 100.0 * (time - before.unwrap_or(0.0)) / whole;
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.2} | {share:.0} % |",
            stage.name,
            f64::from(ROWS * rounds) / time,
            time / base,
        );
        before = Some(time);
    }
    text
}
