//! `cargo xtask bench fleet`: what many environments at once do to a database, and it to them.

mod environments;
mod gauge;
mod table;
mod traffic;

use anyhow::{Context as _, Result};
use clap::Args;
use servers::places::workspace_root;
use servers::{PgBouncer, PgBouncerOptions, Postgres};
use tokio::runtime::Runtime;

use self::environments::Fleet;
use self::gauge::Gauge;
use self::traffic::Seen;
use super::bulk::USERS_BEFORE;
use super::picture::{Axes, Line, Picture};
use super::{document, durable, release, town};
use crate::cargo;
use crate::console;

const DATABASE: &str = "bench";
const SUPERUSER: &str = "postgres";

/// What `cargo xtask bench fleet` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many requests are sent each way
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..))]
    requests: u32,

    /// How many environments there are
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=350))]
    environments: u32,

    /// How many connections the pooler opens to the server at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    server_connections: u32,

    /// Try it with whatever build there is, print the results, and leave docs/ as it is
    #[arg(long)]
    trial: bool,
}

/// What came of one way to the database.
struct Outcome {
    way: &'static str,
    seen: Seen,
    /// Seconds since the first environment started, and connections at the server then.
    connections: Vec<(f64, f64)>,
    /// How long it took until the last environment asked for work.
    start_seconds: f64,
    /// The memory of all environments together at the end.
    megabytes: u64,
}

/// Measures, prints, draws, and writes the table into the document.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    let is_release = !cfg!(debug_assertions);
    // Two hundred debug builds would be another fleet.
    if !is_release && !arguments.trial {
        return release::run_optimised(&[
            "fleet".to_owned(),
            "--requests".to_owned(),
            arguments.requests.to_string(),
            "--environments".to_owned(),
            arguments.environments.to_string(),
            "--server-connections".to_owned(),
            arguments.server_connections.to_string(),
        ]);
    }
    cargo::build_programs(is_release)?;
    let postgres = Postgres::start(&durable::options())?;
    let url = postgres.url(DATABASE);
    runtime.block_on(town::build(&postgres, USERS_BEFORE))?;
    let pooler = PgBouncer::start(&PgBouncerOptions {
        server_port: postgres.port(),
        user: SUPERUSER.to_owned(),
        password: password(&url)?.to_owned(),
        server_connections: arguments.server_connections,
    })?;
    let pooled_url = url.replace(
        &format!(":{}/", postgres.port()),
        &format!(":{}/", pooler.port()),
    );

    let mut outcomes = Vec::new();
    for (way, near_url, is_pooled) in [("straight", &url, false), ("PgBouncer", &pooled_url, true)]
    {
        console::announce(way);
        let measured = measure(way, near_url, is_pooled, &url, arguments);
        outcomes.push(runtime.block_on(measured)?);
    }
    let text = table::write(&outcomes, arguments, postgres.major());
    console::say(&text);
    if arguments.trial {
        return Ok(());
    }
    let picture = picture(&outcomes).draw("fleet")?;
    console::say(&format!("drawn into {}", picture.display()));
    let path = document::replace("fleet", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(
    way: &'static str,
    url: &str,
    is_pooled: bool,
    server_url: &str,
    arguments: &Arguments,
) -> Result<Outcome> {
    let gauge = Gauge::start(server_url).await?;
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let binaries = workspace_root().join("target").join(profile);
    let fleet = Fleet::start(&binaries, url, is_pooled, arguments.environments).await?;
    let start_seconds = gauge.elapsed();
    let seen = traffic::send(&fleet, arguments.requests, way).await?;
    let megabytes = fleet.megabytes()?;
    let connections = gauge.stop().await?;
    fleet.shut_down().await;
    Ok(Outcome {
        way,
        seen,
        connections,
        start_seconds,
        megabytes,
    })
}

fn password(url: &str) -> Result<&str> {
    url.strip_prefix(&format!("postgres://{SUPERUSER}:"))
        .and_then(|rest| rest.split_once('@'))
        .map(|(password, _)| password)
        .context("the server's URL has no password")
}

fn picture(outcomes: &[Outcome]) -> Picture<'_> {
    Picture {
        title: "Connections at the server",
        horizontal: "seconds since the first environment started",
        vertical: "connections",
        axes: Axes::Linear,
        lines: outcomes
            .iter()
            .map(|outcome| Line {
                label: outcome.way,
                points: outcome.connections.clone(),
            })
            .collect(),
    }
}
