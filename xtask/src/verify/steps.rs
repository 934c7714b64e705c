//! The single checks.

use anyhow::Result;
use clap::ValueEnum;
use servers::Toolbox;

use super::{browser, dependencies, package, templates};
use crate::cargo;
use crate::contract;
use crate::test::TestServers;

/// One check, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// cargo fmt --check
    Format,
    /// cargo clippy, no warnings allowed
    Lint,
    /// cargo doc, no warnings allowed
    Doc,
    /// PostgreSQL, PgBouncer, moto, the console's packages, and the programs that check
    Tools,
    /// sam validate --lint, cfn-lint and checkov
    Template,
    /// spectral lints openapi.json
    Document,
    /// cargo deny and cargo shear
    Dependencies,
    /// a deploy into moto, as far as that knows the resources
    Simulation,
    /// the functions and other programs
    Build,
    /// all tests, on a PostgreSQL and a Secrets Manager of their own
    Test,
    /// schemathesis holds the functions to openapi.json
    Conformance,
    /// the console: types, generated files, sizes, and journeys in a browser
    Console,
    /// cargo deny, with its list of known faults
    Advisories,
    /// sam build, and the black-box tests on what it made
    Package,
}

impl Step {
    /// What a run without `--only` does.
    pub(super) fn usual() -> Vec<Self> {
        let mut steps = Self::value_variants().to_vec();
        steps.retain(|step| !matches!(step, Self::Advisories | Self::Package));
        steps
    }

    /// As `--only` calls it.
    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The name, and what the step does.
    pub(super) fn description(self) -> String {
        let value = self.to_possible_value();
        let help = value.and_then(|value| value.get_help().map(ToString::to_string));
        format!("{}: {}", self.name(), help.unwrap_or_default())
    }

    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Format => format(),
            Self::Lint => lint(),
            Self::Doc => doc(),
            Self::Tools => tools(),
            Self::Template => templates::check(),
            Self::Document => contract::lint(),
            Self::Dependencies => dependencies::check(),
            Self::Simulation => templates::simulate(),
            Self::Build => cargo::build_programs(false),
            Self::Test => {
                let servers = TestServers::start()?;
                servers.test(&["--workspace".to_owned()])?;
                servers.test_side_by_side()
            }
            Self::Conformance => contract::check(&contract::Arguments::default()),
            Self::Console => browser::check(),
            Self::Advisories => dependencies::check_advisories(),
            Self::Package => package::check(),
        }
    }
}

fn format() -> Result<()> {
    let mut format = cargo::command("fmt");
    format.command().args(["--all", "--check"]);
    cargo::run("cargo fmt --check", format)
}

fn lint() -> Result<()> {
    let mut lint = cargo::command("clippy");
    lint.command().args(cargo::locked()).args([
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    cargo::run("cargo clippy", lint)
}

fn doc() -> Result<()> {
    let mut doc = cargo::command("doc");
    doc.command()
        .args(cargo::locked())
        .args(["--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings");
    cargo::run("cargo doc", doc)
}

fn tools() -> Result<()> {
    let toolbox = Toolbox::of_workspace();
    toolbox.postgres(None)?;
    toolbox.pgbouncer()?;
    toolbox.spectral()?;
    browser::fetch_packages()?;
    for tool in ["moto", "sam", "checkov", "schemathesis"] {
        toolbox.python(tool)?;
    }
    for tool in ["cargo-deny", "cargo-shear"] {
        toolbox.program(tool)?;
    }
    Ok(())
}
