//! Finds the binaries under test, which Cargo puts near the test executable.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// The path of a binary (`"stats"`) or example (`"examples/echo"`) built with the same profile as the
/// running test.
pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let path = profile_directory()?.join(name);
    ensure!(
        path.is_file(),
        "the binary `{name}` does not exist yet: run `cargo build --bins` before the tests"
    );
    Ok(path)
}

/// Cargo runs tests from `target/<profile>/deps` and other executables from `target/<profile>`.
fn profile_directory() -> anyhow::Result<PathBuf> {
    let executable = std::env::current_exe().context("the running test has no known path")?;
    let directory = executable
        .parent()
        .context("the running test lies in no directory")?;
    let is_nested = ["deps", "examples"]
        .iter()
        .any(|name| directory.ends_with(name));
    let profile = if is_nested {
        directory.parent()
    } else {
        Some(directory)
    };
    profile
        .map(Path::to_path_buf)
        .context("the running test lies outside a target directory")
}
