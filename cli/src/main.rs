//! The command for those who operate a deployment of rollcall, and for its support.

mod console;
mod import;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Administer the users of a rollcall API.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Send a file of users of any size, in batches that can be repeated
    Import(import::Arguments),
}

fn main() -> ExitCode {
    let Command::Import(arguments) = Arguments::parse().command;
    match import::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(&error);
            ExitCode::FAILURE
        }
    }
}
