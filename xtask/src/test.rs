//! `cargo xtask test`: `cargo test` with the servers that the tests need.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use servers::guard::GuardedCommand;
use servers::{Moto, Postgres, PostgresOptions, Toolbox};

use crate::cargo;

/// Black-box tests that can end otherwise when an instance works on several requests at once: those that send
/// several at once, lose connections or ask what the pool does, and one request of every kind (`events`). The
/// others wait for each answer, and what they hold is in the handlers and in the database.
const SIDE_BY_SIDE: [&str; 21] = [
    "bulk_rows::",
    "deadlines::",
    "events::",
    "faults::connections_exhausted::",
    "faults::credentials_rotated::",
    "faults::environment_ends::",
    "faults::instance_frozen::",
    "faults::network_blackhole::",
    "faults::postgres_killed::",
    "faults::replica::",
    "faults::secrets_manager_down::",
    "import_conflicts::",
    "import_ids::",
    "import_keys::",
    "import_recovery::",
    "outages::",
    "rate_limits::",
    "sessions::",
    "shared_cache::",
    "telemetry::",
    "valkey_in_trouble::",
];

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
        // Tests start their own, and should find it here.
        Toolbox::of_workspace().valkey()?;
        let postgres = Postgres::start(&PostgresOptions::temporary())?;
        let moto = match moto.join() {
            Ok(moto) => moto?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok(Self { postgres, moto })
    }

    /// Runs `cargo test` with them.
    pub fn test(&self, arguments: &[String]) -> Result<()> {
        self.test_with(arguments, &[])
    }

    /// Runs `cargo test` with them and with more variables.
    pub fn test_with(&self, arguments: &[String], variables: &[(&str, String)]) -> Result<()> {
        let mut test = self.command();
        let variables = variables.iter().map(|(name, value)| (name, value));
        test.command().args(arguments).envs(variables);
        cargo::run("cargo test", test)
    }

    /// Runs some black-box tests once more, with instances that work on eight requests at once.
    pub fn test_side_by_side(&self) -> Result<()> {
        let mut test = self.command();
        // With the features of the whole workspace, so that what the first run has built is used.
        test.command()
            .args(["--workspace", "--test", "api", "--"])
            .args(SIDE_BY_SIDE)
            .env("TEST_CONCURRENCY", "8");
        cargo::run(
            "cargo test, with eight requests at once in an instance",
            test,
        )
    }

    /// Runs the black-box tests with functions from a folder that `sam build` has filled.
    pub fn test_artifacts(&self, folder: &Path) -> Result<()> {
        let mut test = self.command();
        test.command()
            .args(["--package", "api-tests"])
            .env("ROLLCALL_ARTIFACTS", folder);
        cargo::run("cargo test", test)
    }

    fn command(&self) -> GuardedCommand {
        let mut test = cargo::command("test");
        test.command()
            .args(cargo::locked())
            .env("TEST_DATABASE_URL", self.postgres.url("postgres"))
            .env("TEST_MOTO_ENDPOINT", self.moto.endpoint());
        test
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
