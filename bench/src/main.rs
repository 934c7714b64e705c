//! `cargo xtask bench`: measurements, printed as the tables of docs/performance.md.

mod adoption;
mod changes;
mod cold;
mod deployment;
mod exports;
mod files;
mod fixture;
mod fleet;
mod imports;
mod load;
mod log;
mod mapped;
mod program;
mod replicas;
mod report;
mod rows;
mod scale;
mod searches;
mod writers;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Measure, and print a table
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    bench: Bench,
    /// How often everything is measured [default: enough for figures worth keeping]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// How many users the table has before; `scale` and `searches` take several numbers
    #[arg(long, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    users: Vec<u32>,
    /// Another build of `bulk-create`, beside which `rows` is measured
    #[arg(long)]
    beside: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bench {
    /// Imports: through the function and in SQL alone, beside COPY and one INSERT per row
    Bulk,
    /// 10,000 users at once, changed and deleted through the function
    Changes,
    /// Exports, beside COPY of the same columns
    Exports,
    /// What the log of changes costs, and requests for one user beside lists
    Log,
    /// Files through `rollcall import`: plain CSV, a dump of Auth0, and a list that Excel has saved
    Files,
    /// What it takes to read and check a row of an import
    Rows,
    /// What each index and the triggers cost an import
    Writes,
    /// Sessions that write at the same time, with the triggers that count and without
    Writers,
    /// Statistics and lists, beside the queries of an application with such a table
    Scale,
    /// Searches of every frequency, beside ILIKE and many at once
    Searches,
    /// Lists, searches, statistics and imports in tables of other applications, beside rollcall's own
    Mapped,
    /// Migrations of another application's table while it is written to
    Adoption,
    /// Cold starts and warm requests
    Cold,
    /// Many environments at once: straight to PostgreSQL, and through PgBouncer
    Fleet,
    /// Lists with none, one and two replicas: CPU time at the primary, and how far the replicas are behind
    Replicas,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments {
        bench,
        rounds,
        users,
        beside,
    } = Arguments::parse();
    let rounds = |default| rounds.unwrap_or(default);
    let one_of_users = |default| users.first().copied().unwrap_or(default);
    let table = match bench {
        Bench::Bulk => imports::bulk(rounds(7), one_of_users(100_000)).await?,
        Bench::Changes => changes::run(rounds(7), one_of_users(1_000_000)).await?,
        Bench::Exports => exports::run(rounds(5), one_of_users(1_000_000)).await?,
        Bench::Log => log::run(rounds(7), one_of_users(100_000)).await?,
        Bench::Files => files::run(one_of_users(1_000_000)).await?,
        Bench::Rows => rows::run(rounds(15), beside.as_deref()).await?,
        Bench::Writes => imports::writes(rounds(40), one_of_users(300_000)).await?,
        Bench::Writers => writers::run(rounds(7), one_of_users(100_000)).await?,
        Bench::Scale if users.is_empty() => {
            scale::run(rounds(30), &[10_000, 100_000, 1_000_000, 10_000_000]).await?
        }
        Bench::Scale => scale::run(rounds(30), &users).await?,
        Bench::Searches if users.is_empty() => {
            searches::run(rounds(30), &[10_000, 100_000, 1_000_000]).await?
        }
        Bench::Searches => searches::run(rounds(30), &users).await?,
        Bench::Mapped => mapped::run(rounds(30), one_of_users(1_000_000)).await?,
        Bench::Adoption => adoption::run(one_of_users(1_000_000)).await?,
        Bench::Cold => cold::run(rounds(100)).await?,
        Bench::Replicas => replicas::run(rounds(5), one_of_users(100_000)).await?,
        Bench::Fleet => fleet::run(rounds(100), one_of_users(100_000)).await?,
    };
    report::say(&table);
    Ok(())
}
