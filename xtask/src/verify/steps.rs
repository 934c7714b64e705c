//! The single checks.

use anyhow::Result;
use clap::ValueEnum;
use servers::Toolbox;

use super::{dependencies, package, templates};
use crate::cargo;
use crate::contract;
use crate::test::TestServers;

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// cargo fmt
    Format,
    /// cargo clippy
    Lint,
    /// cargo doc
    Doc,
    /// Everything that the later steps need and the machine may lack
    Tools,
    /// SAM's, CloudFormation's and checkov's checks of the templates
    Template,
    /// Spectral's check of openapi.json
    Document,
    /// Licences, duplicates and sources of dependencies, and whether all are used
    Dependencies,
    /// A deploy into moto, as far as that knows the resources
    Simulation,
    /// The programs that tests start
    Build,
    /// All tests, with a `PostgreSQL` and a Secrets Manager of their own
    Test,
    /// Made-up requests, whose answers must be as openapi.json says
    Conformance,
    /// Known faults of dependencies, from a list on GitHub
    Advisories,
    /// `sam build`, and the black-box tests on what it made
    Package,
}

impl Step {
    /// What a run without `--only` does.
    pub(super) const ALL: [Self; 11] = [
        Self::Format,
        Self::Lint,
        Self::Doc,
        Self::Tools,
        Self::Template,
        Self::Document,
        Self::Dependencies,
        Self::Simulation,
        Self::Build,
        Self::Test,
        Self::Conformance,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Lint => "lint",
            Self::Doc => "doc",
            Self::Tools => "tools",
            Self::Template => "template",
            Self::Document => "document",
            Self::Dependencies => "dependencies",
            Self::Simulation => "simulation",
            Self::Build => "build",
            Self::Test => "test",
            Self::Conformance => "conformance",
            Self::Advisories => "advisories",
            Self::Package => "package",
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Format => "format: cargo fmt --check",
            Self::Lint => "lint: cargo clippy, no warnings allowed",
            Self::Doc => "doc: cargo doc, no warnings allowed",
            Self::Tools => "tools: PostgreSQL, PgBouncer, moto, and the programs that check",
            Self::Template => "template: sam validate --lint, cfn-lint and checkov",
            Self::Document => "document: spectral lints openapi.json",
            Self::Dependencies => "dependencies: cargo deny and cargo shear",
            Self::Simulation => {
                "simulation: a deploy into moto, as far as that knows the resources"
            }
            Self::Build => "build: the functions and other programs",
            Self::Test => "test: all tests, on a PostgreSQL and a Secrets Manager of their own",
            Self::Conformance => "conformance: schemathesis holds the functions to openapi.json",
            Self::Advisories => "advisories: cargo deny, with its list of known faults",
            Self::Package => "package: sam build, and the black-box tests on what it made",
        }
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
    for tool in ["moto", "sam", "checkov", "schemathesis"] {
        toolbox.python(tool)?;
    }
    for tool in ["cargo-deny", "cargo-shear"] {
        toolbox.program(tool)?;
    }
    Ok(())
}
