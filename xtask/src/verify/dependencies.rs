//! Checks of what the workspace depends on.

use std::path::Path;

use anyhow::Result;
use servers::Toolbox;
use servers::guard::GuardedCommand;
use servers::places::workspace_root;

use crate::cargo;

/// Licences, duplicates and sources as `deny.toml` has them, and whether everything is used.
pub(super) fn check() -> Result<()> {
    let toolbox = Toolbox::of_workspace();
    deny(
        &toolbox.program("cargo-deny")?,
        &["licenses", "bans", "sources"],
    )?;
    let shear = command(
        &toolbox.program("cargo-shear")?,
        &["shear", "--deny-warnings"],
    );
    cargo::run("cargo shear", shear)
}

/// Known faults of dependencies. The list of them is fetched from GitHub.
pub(super) fn check_advisories() -> Result<()> {
    deny(
        &Toolbox::of_workspace().program("cargo-deny")?,
        &["advisories"],
    )
}

fn deny(program: &Path, checks: &[&str]) -> Result<()> {
    let arguments = [&["--locked", "check"], checks].concat();
    cargo::run("cargo deny", command(program, &arguments))
}

fn command(program: &Path, arguments: &[&str]) -> GuardedCommand {
    let mut command = GuardedCommand::new(program);
    command
        .command()
        .args(arguments)
        .current_dir(workspace_root());
    command
}
