//! `cargo xtask test`: `cargo test` with the servers that the tests need.

use anyhow::Result;
use clap::Args;
use servers::{Moto, Postgres, PostgresOptions};

use crate::cargo;

/// What `cargo xtask test` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Passed on to `cargo test`; without any, all tests of the workspace run
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// The servers of one test run.
#[derive(Debug)]
pub struct TestServers {
    postgres: Postgres,
    moto: Moto,
}

impl TestServers {
    /// Starts empty ones.
    pub fn start() -> Result<Self> {
        let moto = std::thread::spawn(Moto::start);
        let postgres = Postgres::start(&PostgresOptions::temporary())?;
        let moto = match moto.join() {
            Ok(moto) => moto?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok(Self { postgres, moto })
    }

    /// Runs `cargo test` with them.
    pub fn test(&self, arguments: &[String]) -> Result<()> {
        let mut test = cargo::command("test");
        test.command()
            .args(cargo::locked())
            .args(arguments)
            .env("TEST_DATABASE_URL", self.postgres.url("postgres"))
            .env("TEST_MOTO_ENDPOINT", self.moto.endpoint());
        cargo::run("cargo test", test)
    }
}

/// Builds the functions, which some tests start as programs, and runs the tests.
pub fn run(arguments: &Arguments) -> Result<()> {
    cargo::build_programs(false)?;
    let servers = TestServers::start()?;
    if arguments.arguments.is_empty() {
        servers.test(&["--workspace".to_owned()])
    } else {
        servers.test(&arguments.arguments)
    }
}
