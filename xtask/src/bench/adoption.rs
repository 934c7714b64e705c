//! `cargo xtask bench adoption`: migrations of another application's table while it is written to.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use rig::foreign_table::{self, Application, Written};
use shared::store::migrations;
use tokio::runtime::Runtime;

use super::document;
use super::durable::{self, Server};
use crate::console;

/// What `cargo xtask bench adoption` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many users the table has
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    rows: u32,
}

/// One direction.
struct Leg {
    took: Duration,
    written: Written,
}

/// Measures, prints, and writes the table into the document.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    let server = Server::start()?;
    let text = runtime.block_on(measure(&server, arguments.rows))?;
    console::say(&text);
    let path = document::replace("adoption", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(server: &Server, rows: u32) -> Result<String> {
    let mut connection = server.create("adopted").await?;
    console::announce(&format!("a table of {rows} users"));
    foreign_table::create(&mut connection, rows).await?;
    durable::settle(&mut connection).await?;

    console::announce("up");
    let application = Application::start(&server.url("adopted"));
    let started = Instant::now();
    migrations::up(&mut connection).await?;
    let up = Leg {
        took: started.elapsed(),
        written: application.stop().await?,
    };
    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
        .fetch_one(&mut connection)
        .await?;
    ensure!(
        total == i64::from(rows) + i64::from(up.written.users),
        "{total} users after {} were added to {rows}",
        up.written.users
    );
    durable::check_counts(&mut connection).await?;

    console::announce("down");
    let steps = migrations::status(&mut connection).await?.len();
    // What was written on the way up would be in the way of the same names.
    sqlx::query("DELETE FROM users WHERE username LIKE 'written%'")
        .execute(&mut connection)
        .await?;
    let application = Application::start(&server.url("adopted"));
    let started = Instant::now();
    migrations::down(&mut connection, steps).await?;
    let down = Leg {
        took: started.elapsed(),
        written: application.stop().await?,
    };
    Ok(format!(
        "## Adoption\n\n\
         `cargo xtask bench adoption --rows {rows}`: all migrations of a table as a FastAPI and \
         SQLAlchemy application makes it (int key, single-column indexes), PostgreSQL {} on the same {} \
         cores, durable commits, while one session inserts a user and changes another one, again and \
         again. Nothing was lost, and the counts were right afterwards.\n\n\
         | direction | users | took | pairs written meanwhile | median pair | longest pair |\n\
         |---|--:|--:|--:|--:|--:|\n{}{}",
        server.major(),
        durable::cores(),
        line("up", rows, &up),
        line("down", rows, &down),
    ))
}

fn line(direction: &str, rows: u32, leg: &Leg) -> String {
    format!(
        "| {direction} | {rows} | {:.1} s | {} | {:.1} ms | {:.0} ms |\n",
        leg.took.as_secs_f64(),
        leg.written.users,
        leg.written.median().as_secs_f64() * 1e3,
        leg.written.longest().as_secs_f64() * 1e3,
    )
}
