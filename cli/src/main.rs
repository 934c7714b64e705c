//! `rollcall`: the command for those who operate a deployment, and for its support.

mod api;
mod bearer;
mod commands;
mod connection;
mod database;
mod failure;
mod import;
mod output;
mod profile;
mod progress;
mod side_file;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::commands::{
    adopt, audit, export, generate, health, migrate, signups, stats, token, users,
};
use crate::connection::ConnectionArguments;

const RETRIES: u32 = 3;
const IMPORT_RETRIES: u32 = 8;

const EXAMPLES: &str = "\
Examples:
  rollcall --url https://users.example.com --token-command 'pass show rollcall' stats
  rollcall users list --search anna --sort-by username --sort-order asc
  rollcall users list --is-active false --all --json > inactive.ndjson
  rollcall import users.csv --dry-run
  rollcall import users.csv --on-conflict update
  rollcall export users.csv
  DATABASE_URL=postgres://... rollcall adopt

Profiles, in $XDG_CONFIG_HOME/rollcall/config.toml or ~/.config/rollcall/config.toml:
  default_profile = \"live\"

  [profiles.live]
  url = \"https://users.example.com\"
  token_command = \"pass show rollcall\"

  [profiles.dev]
  url = \"http://127.0.0.1:9000\"
  token = \"eyJ...\"
";

/// Administer the users of a rollcall API
#[derive(Parser)]
#[command(
    name = "rollcall",
    version,
    after_help = format!("{EXAMPLES}\n{}", failure::EXIT_CODES)
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print JSON for scripts: what the API answers, users as one object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    connection: ConnectionArguments,
}

#[derive(Subcommand)]
enum Command {
    /// List, search, show and change users
    #[command(subcommand)]
    Users(users::Command),
    /// Send a file of users of any size, in batches that can be repeated
    Import(import::Arguments),
    /// Write all users, or some, into a file
    Export(export::Arguments),
    /// Count users
    Stats(stats::Arguments),
    /// Count the new users of each day
    Signups(signups::Arguments),
    /// Check whether the service is healthy
    Health,
    /// Find the table that holds the users of an application, and say how rollcall can use it
    Adopt(adopt::Arguments),
    /// Bring the schema of a database up to date, or take it away
    Migrate(migrate::Arguments),
    /// Find out whether the log of changes is as it was written
    Audit(audit::Arguments),
    /// Print a bearer token
    Token(token::Arguments),
    /// Print completions for a shell
    #[command(hide = true)]
    Completions(generate::Completions),
    /// Write man pages into a folder
    #[command(hide = true)]
    Man(generate::Man),
}

impl Arguments {
    fn run(&self) -> Result<()> {
        let api = |retries| self.connection.api(retries);
        match &self.command {
            Command::Users(command) => users::run(command, &api(RETRIES)?, self.json),
            Command::Export(arguments) => export::run(arguments, &api(IMPORT_RETRIES)?, self.json),
            Command::Import(arguments) if arguments.print => import::print(arguments),
            Command::Import(arguments) => import::run(arguments, &api(IMPORT_RETRIES)?, self.json),
            Command::Stats(arguments) => stats::run(arguments, &api(RETRIES)?, self.json),
            Command::Signups(arguments) => signups::run(arguments, &api(RETRIES)?, self.json),
            Command::Health => health::run(&api(0)?, self.json),
            Command::Adopt(arguments) => adopt::run(arguments, self.json),
            Command::Migrate(arguments) => migrate::run(arguments, self.json),
            Command::Audit(arguments) => audit::run(arguments, self.json),
            Command::Token(arguments) => token::run(arguments, &self.connection),
            Command::Completions(arguments) => generate::completions::<Self>(arguments),
            Command::Man(arguments) => generate::man_pages::<Self>(arguments),
        }
    }
}

fn main() -> ExitCode {
    let Err(error) = Arguments::parse().run() else {
        return ExitCode::SUCCESS;
    };
    let code = failure::exit_code(&error);
    if code != 0 {
        output::note(&format!("error: {error:#}"));
    }
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
