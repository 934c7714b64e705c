//! `cargo xtask bench`: measurements, and the tables in docs/performance.md that they fill.

mod bulk;
mod cold;
mod document;
mod memory;
mod program;
mod release;
mod samples;
mod town;
mod world;

use anyhow::Result;
use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

/// What `cargo xtask bench` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Imports: through the function and in SQL alone, against COPY and one INSERT per row
    Bulk(bulk::Arguments),
    /// Cold starts, sizes, memory and warm requests, beside the least function and the usual defaults
    Cold(cold::Arguments),
    /// What a memory size buys: the functions under the share of a core that Lambda gives to it
    Memory(memory::Arguments),
}

/// Measures.
pub fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    match &arguments.subject {
        Subject::Bulk(arguments) => bulk::run(arguments, runtime),
        Subject::Cold(arguments) => cold::run(arguments, runtime),
        Subject::Memory(arguments) => memory::run(arguments, runtime),
    }
}
