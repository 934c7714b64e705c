//! `cargo xtask bench cold`: what a cold start costs, and a warm request.

mod table;

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use rig::Request;
use serde_json::json;
use tokio::runtime::Runtime;

use super::program::Program;
use super::samples::Samples;
use super::world::World;
use super::{document, release};
use crate::console;

const FUNCTIONS: [&str; 4] = ["stats", "list-users", "bulk-create", "health"];

/// How the function with the least code and the one with the defaults are called in the tables.
const HELLO: &str = "hello world";
const DEFAULTS: &str = "the defaults";

/// Requests that a function has answered before its memory counts.
const WARM_REQUESTS: u32 = 1_000;

/// Requests in a row, before it is another program's turn.
const BATCH: u32 = 250;

/// What `cargo xtask bench cold` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How often every program is started
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(30..=1_000))]
    rounds: u16,
    /// Use the programs as they were built last
    #[arg(long)]
    no_build: bool,
}

/// Everything measured about one program.
#[derive(Default)]
struct Figures {
    /// Start to first request for work, with nobody to be asked.
    init: Samples,
    /// Start to first request for work, with secrets and a connection.
    connected: Samples,
    /// Start to first answer.
    first_answer: Samples,
    /// Resident memory after the first answer, in bytes: the most of all starts.
    first_memory: u64,
    /// Resident memory after `WARM_REQUESTS`, in bytes.
    warm_memory: u64,
    /// Size of the program, in bytes.
    size: u64,
    /// The same in a zip archive.
    zipped: u64,
    /// Batches of warm requests.
    batches: Samples,
}

type Results = BTreeMap<&'static str, Figures>;

/// Measures, prints, and writes the table into the document.
pub(super) fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    if cfg!(debug_assertions) {
        let mut again = vec![
            "cold".to_owned(),
            "--rounds".to_owned(),
            arguments.rounds.to_string(),
        ];
        again.extend(arguments.no_build.then(|| "--no-build".to_owned()));
        return release::run_optimised(&again);
    }
    if !arguments.no_build {
        release::build(&FUNCTIONS)?;
        release::build_hello()?;
        release::build_defaults()?;
    }
    let text = runtime.block_on(measure(usize::from(arguments.rounds)))?;
    console::say(&text);
    let path = document::replace("cold", &text)?;
    console::say(&format!("written to {}", path.display()));
    Ok(())
}

async fn measure(rounds: usize) -> Result<String> {
    let world = World::build().await?;
    let mut results = Results::new();
    let alone = programs_alone(&world).await?;
    let connected = programs_connected(&world).await?;

    console::announce(&format!("{rounds} starts of each"));
    // Taken in turn, so that a slow moment of the machine meets all of them. The first round finds files
    // that are not in memory, and does not count.
    for round in 0..=rounds {
        for program in &alone {
            let init = program.init_once().await?;
            if round > 0 {
                results.entry(program.name).or_default().init.push(init);
            }
        }
        for program in &connected {
            let start = program.start_once().await?;
            if round > 0 {
                let figures = results.entry(program.name).or_default();
                figures.connected.push(start.init);
                figures.first_answer.push(start.first_answer);
                figures.first_memory = figures.first_memory.max(start.memory);
            }
        }
    }

    console::announce("warm requests");
    for program in &connected {
        program.ask(WARM_REQUESTS).await?;
        results.entry(program.name).or_default().warm_memory = program.memory()?;
    }
    for _ in 0..rounds.min(60) {
        for program in &connected {
            let time = program.ask(BATCH).await?;
            results.entry(program.name).or_default().batches.push(time);
        }
    }

    for program in &connected {
        program.end().await?;
        let figures = results.entry(program.name).or_default();
        figures.size = program.size()?;
        figures.zipped = program.zipped_size()?;
    }
    Ok(table::write(&results, rounds, world.postgres_major()))
}

async fn programs_alone(world: &World) -> Result<Vec<Program>> {
    let request = Request::get("/");
    let mut programs = vec![Program::new(HELLO, &release::hello(), Vec::new(), &request).await?];
    for name in FUNCTIONS {
        programs.push(Program::new(name, &release::function(name), world.alone(), &request).await?);
    }
    Ok(programs)
}

async fn programs_connected(world: &World) -> Result<Vec<Program>> {
    let token = world.token()?;
    let stats = Request::get("/api/v1/dashboard/stats").bearer(&token);
    let request_of = |name| match name {
        "stats" => stats.clone(),
        "list-users" => Request::get("/api/v1/users").bearer(&token),
        "bulk-create" => Request::post("/api/v1/users/bulk?dry_run=true")
            .bearer(&token)
            .json(&json!([{ "email": "new@example.com", "username": "new" }])),
        _ => Request::get("/health"),
    };
    let mut programs = vec![
        Program::new(HELLO, &release::hello(), Vec::new(), &Request::get("/")).await?,
        Program::new(DEFAULTS, &release::defaults(), world.defaults(), &stats).await?,
    ];
    for name in FUNCTIONS {
        programs.push(
            Program::new(
                name,
                &release::function(name),
                world.ours(),
                &request_of(name),
            )
            .await?,
        );
    }
    Ok(programs)
}
