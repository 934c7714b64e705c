//! `cargo xtask bench writers`: what counting costs sessions that write at the same time, and whether
//! the counts are right after changes at random.

mod kinds;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use fastrand::Rng;
use rig::changes::{self, Changes};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::runtime::Runtime;

use self::kinds::Kind;
use super::durable::{self, Server, median};
use super::{document, release};
use crate::console;

const SESSIONS: usize = 16;
const USERS_BEFORE: u32 = 100_000;

/// Sessions that change users at random.
const CHANGING_SESSIONS: u64 = 8;

/// What `cargo xtask bench writers` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How often everything is measured; the median counts
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: u32,
    /// How long the sessions write each time
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    window: u64,
    /// How long users are changed at random
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
}

/// Transactions a second of one kind.
struct Rates {
    kind: Kind,
    without: f64,
    with: f64,
    ratio: f64,
}

/// Measures, prints, and writes the table into the document.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    // Slow sessions leave the server time in which it could count.
    if cfg!(debug_assertions) {
        return release::run_optimised(&[
            "writers".to_owned(),
            format!("--rounds={}", arguments.rounds),
            format!("--window={}", arguments.window),
            format!("--seconds={}", arguments.seconds),
        ]);
    }
    let server = Server::start()?;
    let text = runtime.block_on(measure(&server, arguments))?;
    console::say(&text);
    let path = document::replace("writers", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(server: &Server, arguments: &Arguments) -> Result<String> {
    server.create_with_users("counted", USERS_BEFORE).await?;
    let mut uncounted = server.copy("counted", "uncounted").await?;
    uncounted
        .execute("ALTER TABLE users DISABLE TRIGGER USER")
        .await?;
    let mut counted = server.connect("counted").await?;
    let window = Duration::from_secs(arguments.window);
    let mut rates = Vec::new();
    for kind in Kind::ALL {
        console::announce(kind.name());
        let (mut without, mut with, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=arguments.rounds {
            // Taken in turn, so that a slow moment of the machine meets both.
            let (less, more) = if round % 2 == 0 {
                let less = rate(server, "uncounted", kind, window).await?;
                (less, rate(server, "counted", kind, window).await?)
            } else {
                let more = rate(server, "counted", kind, window).await?;
                (rate(server, "uncounted", kind, window).await?, more)
            };
            // The first round warms everything up and does not count.
            if round > 0 {
                without.push(less);
                with.push(more);
                ratios.push(more / less);
            }
        }
        rates.push(Rates {
            kind,
            without: median(without),
            with: median(with),
            ratio: median(ratios),
        });
        durable::settle(&mut uncounted).await?;
        durable::settle(&mut counted).await?;
    }
    durable::check_counts(&mut counted).await?;

    console::announce("changes at random");
    let time = Duration::from_secs(arguments.seconds);
    let changes = changes::run(&server.url("counted"), CHANGING_SESSIONS, time).await?;
    durable::check_counts(&mut counted).await?;
    ensure!(changes.deadlocks == 0, "there were deadlocks: {changes:?}");
    Ok(table(server, &rates, changes, arguments))
}

/// How many transactions a second all sessions do together.
async fn rate(server: &Server, database: &str, kind: Kind, window: Duration) -> Result<f64> {
    let mut connections = Vec::new();
    for _ in 0..SESSIONS {
        connections.push(server.connect(database).await?);
    }
    let started = Instant::now();
    let sessions: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(write_until(connection, kind, started + window)))
        .collect();
    let mut done = 0;
    for session in sessions {
        done += session.await.context("a session panicked")??;
    }
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}

async fn write_until(mut connection: PgConnection, kind: Kind, end: Instant) -> Result<u32> {
    let mut random = Rng::new();
    let mut done = 0;
    while Instant::now() < end {
        kind.run(&mut connection, &mut random, USERS_BEFORE).await?;
        done += 1;
    }
    connection.close().await?;
    Ok(done)
}

fn table(server: &Server, rates: &[Rates], changes: Changes, arguments: &Arguments) -> String {
    let mut text = format!(
        "## What counting costs writers\n\n\
         `cargo xtask bench writers`: release build, {SESSIONS} sessions on tables of {USERS_BEFORE} users with all \
         indexes, PostgreSQL {} on the same {} cores as the sessions, durable commits. Transactions a \
         second with and without the triggers that count, medians of {} rounds of {} s taken in turn; the \
         ratio is the median of the rounds' ratios.\n\n\
         | transaction | without | with | ratio |\n\
         |---|--:|--:|--:|\n",
        server.major(),
        durable::cores(),
        arguments.rounds,
        arguments.window,
    );
    for rates in rates {
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} | {:.2} |",
            rates.kind.name(),
            rates.without,
            rates.with,
            rates.ratio
        );
    }
    let _ = write!(
        text,
        "\nAfter {CHANGING_SESSIONS} sessions had changed users at random for {} s (inserts of one and of \
         many, COPY, upserts, changes of flags, names and times, deletes, in transactions of up to five \
         statements): {} transactions committed, {} taken back, {} deadlocks, and the counts were those \
         of a recount.\n",
        arguments.seconds, changes.committed, changes.rolled_back, changes.deadlocks,
    );
    text
}
