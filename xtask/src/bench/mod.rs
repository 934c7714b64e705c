//! `cargo xtask bench`: measurements, and the tables in docs/performance.md that they fill.

mod bulk;
mod document;
mod fleet;
mod picture;

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
    /// 200 environments at once: straight to PostgreSQL, and through PgBouncer
    Fleet(fleet::Arguments),
}

/// Measures.
pub fn run(arguments: &Arguments, runtime: &Runtime) -> Result<()> {
    match &arguments.subject {
        Subject::Bulk(arguments) => bulk::run(arguments, runtime),
        Subject::Fleet(arguments) => fleet::run(arguments, runtime),
    }
}
