//! Developer commands of rollcall, run as `cargo dev`, `cargo verify` and `cargo xtask <command>`.

mod bench;
mod cargo;
mod console;
mod contract;
mod database;
mod dev;
mod dev_folder;
mod interrupt;
mod migrate;
mod test;
mod token;
mod verify;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

/// Developer commands of rollcall.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API on this machine, with a database full of demo users
    Dev(dev::Arguments),
    /// Mint a bearer token for a server that `cargo dev` has started
    Token(token::Arguments),
    /// Bring the schema of a database up to date, take it back, or look at it
    Migrate(migrate::Arguments),
    /// Run all checks and tests, as CI does
    Verify(verify::Arguments),
    /// Measure, and print a table of docs/performance.md
    Bench(bench::Arguments),
    /// Write openapi.json and docs/errors.md from the code
    Openapi,
    /// Send made-up requests to the functions and compare the answers with openapi.json
    Conformance(contract::Arguments),
    /// Run `cargo test` with the servers that the tests need
    Test(test::Arguments),
}

impl Command {
    /// Ctrl-C is how `dev` is meant to end; whatever else is interrupted has not done its work.
    fn exit_code_when_interrupted(&self) -> i32 {
        match self {
            Self::Dev(_) => 0,
            _ => 130,
        }
    }

    fn run(self, runtime: &Runtime) -> Result<()> {
        match self {
            Self::Dev(arguments) => dev::run(&arguments, runtime),
            Self::Token(arguments) => token::run(&arguments),
            Self::Migrate(arguments) => migrate::run(&arguments, runtime),
            Self::Bench(arguments) => bench::run(&arguments),
            Self::Verify(arguments) => verify::run(&arguments),
            Self::Openapi => contract::write(),
            Self::Conformance(arguments) => contract::check(&arguments),
            Self::Test(arguments) => test::run(&arguments),
        }
    }
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let runtime = match prepare(&command) {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match command.run(&runtime) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The runtime must live on until then: the handler runs on it.
            interrupt::leave_it_to_the_handler();
            fail(&error)
        }
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    console::error(error);
    ExitCode::FAILURE
}

fn prepare(command: &Command) -> Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    interrupt::handle(&runtime, command.exit_code_when_interrupted())?;
    Ok(runtime)
}
