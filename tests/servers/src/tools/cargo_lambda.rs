//! cargo-lambda: the machine's own, if it is of the pinned minor version, else a fetched one.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Toolbox;
use super::python::{CARGO_LAMBDA, program_folders};

pub(super) fn find_or_fetch(toolbox: &Toolbox) -> Result<PathBuf> {
    if toolbox.may_use_machine()
        && let Some(own) = find_on_machine()
    {
        return Ok(own);
    }
    let program = CARGO_LAMBDA.fetch(toolbox)?.join("bin/cargo-lambda");
    let version = version(&program)
        .with_context(|| format!("{} was fetched, but does not run", program.display()))?;
    if !matches_pin(&version) {
        bail!("{} says that it is {version}", program.display());
    }
    Ok(program)
}

fn find_on_machine() -> Option<PathBuf> {
    program_folders()
        .into_iter()
        .map(|folder| folder.join("cargo-lambda"))
        .filter(|program| program.is_file())
        .find(|program| version(program).is_ok_and(|version| matches_pin(&version)))
}

fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .args(["lambda", "--version"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace()
        .nth(1)
        .map(str::to_owned)
        .with_context(|| format!("unexpected words about its version: {text:?}"))
}

fn matches_pin(version: &str) -> bool {
    let minor = |version: &str| {
        let mut parts = version.split('.');
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    minor(version) == minor(CARGO_LAMBDA.version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_patch_version_will_do_but_not_another_minor_one() {
        assert!(matches_pin("1.9.2"));
        assert!(matches_pin("1.9.7"));
        assert!(!matches_pin("1.10.2"));
        assert!(!matches_pin("1.8.2"));
    }
}
