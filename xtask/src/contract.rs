//! The document of the API: written from the code, linted, and held against the running functions.

use anyhow::Result;
use clap::Args;
use servers::Toolbox;
use servers::guard::GuardedCommand;
use servers::places::workspace_root;

use crate::cargo;
use crate::test::TestServers;

/// Requests of one run of `cargo verify`.
const DEFAULT_CASES: u32 = 2_000;

/// What `cargo xtask conformance` can be told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many requests are made up, at least
    #[arg(long, default_value_t = DEFAULT_CASES)]
    cases: u32,
    /// Repeats the run that printed this seed
    #[arg(long)]
    seed: Option<u32>,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            cases: DEFAULT_CASES,
            seed: None,
        }
    }
}

/// Writes `openapi.json` and `docs/errors.md` from the code.
pub fn write() -> Result<()> {
    let mut test = cargo::command("test");
    test.command()
        .args(cargo::locked())
        .args(["--package", "contract-tests", "--test", "contract"])
        .args(["--", "the_document_is_what_the_code_says"])
        .arg("every_error_is_in_the_catalogue")
        .env("ROLLCALL_WRITE_OPENAPI", "1");
    cargo::run("cargo test", test)
}

/// Lints `openapi.json`.
pub fn lint() -> Result<()> {
    let script = Toolbox::of_workspace().spectral()?;
    let mut spectral = GuardedCommand::new("node");
    spectral
        .command()
        .arg(script)
        .args(["lint", "openapi.json"])
        .args(["--ruleset", "tests/contract/spectral.yaml"])
        .args(["--fail-severity", "hint"])
        .current_dir(workspace_root());
    cargo::run("spectral", spectral)
}

/// Sends made-up requests to the real programs.
pub fn check(arguments: &Arguments) -> Result<()> {
    cargo::build_programs(false)?;
    let mut variables = vec![("ROLLCALL_CONFORMANCE_CASES", arguments.cases.to_string())];
    if let Some(seed) = arguments.seed {
        variables.push(("ROLLCALL_CONFORMANCE_SEED", seed.to_string()));
    }
    let test = [
        "--workspace",
        "--features=contract-tests/conformance",
        "--test=conformance",
        "--",
        "--nocapture",
    ];
    TestServers::start()?.test_with(&test.map(str::to_owned), &variables)
}
