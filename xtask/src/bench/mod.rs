//! `cargo xtask bench`: measurements, and the tables in docs/performance.md that they fill.

mod adoption;
mod bulk;
mod cold;
mod document;
mod durable;
mod fleet;
mod inhabitants;
mod memory;
mod picture;
mod program;
mod release;
mod samples;
mod scale;
mod town;
mod world;
mod writers;
mod writes;

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
    /// Statistics, lists and searches: from ten thousand users to ten million, beside the queries of
    /// an application that began with such a table
    Scale(scale::Arguments),
    /// Migrations of another application's table while it is written to
    Adoption(adoption::Arguments),
    /// 16 sessions that write, with the triggers that count and without; and changes at random
    Writers(writers::Arguments),
    /// What each index and the triggers cost an import
    Writes(writes::Arguments),
    /// Cold starts, sizes, memory and warm requests, beside the least function and the usual defaults
    Cold(cold::Arguments),
    /// What a memory size buys: the functions under the share of a core that Lambda gives to it
    Memory(memory::Arguments),
    /// 200 environments at once: straight to PostgreSQL, and through PgBouncer
    Fleet(fleet::Arguments),
}

/// Measures.
pub fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    match &arguments.subject {
        Subject::Bulk(arguments) => bulk::run(arguments, runtime),
        Subject::Scale(arguments) => scale::run(arguments, runtime),
        Subject::Adoption(arguments) => adoption::run(arguments, runtime),
        Subject::Writers(arguments) => writers::run(arguments, runtime),
        Subject::Writes(arguments) => writes::run(arguments, runtime),
        Subject::Cold(arguments) => cold::run(arguments, runtime),
        Subject::Memory(arguments) => memory::run(arguments, runtime),
        Subject::Fleet(arguments) => fleet::run(arguments, runtime),
    }
}
