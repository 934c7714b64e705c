//! Cargo commands, run in the workspace's root and under guard.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Result, bail};
use servers::guard::GuardedCommand;
use servers::places::workspace_root;

/// Prepares `cargo <subcommand>`.
pub fn command(subcommand: &str) -> GuardedCommand {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = GuardedCommand::new(cargo);
    forget_this_run(command.command())
        .arg(subcommand)
        .current_dir(workspace_root());
    command
}

/// Takes out of a command's environment what `cargo run` has put there for this program.
///
/// Some build scripts depend on those variables, so a cargo that inherits them would build much of
/// what the same cargo builds when it is called by hand, and the other way round, every time.
pub fn forget_this_run(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b"CARGO_PKG_") || bytes.starts_with(b"CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// `--locked`, if there is a lock file that a build must not change.
pub fn locked() -> Option<&'static OsStr> {
    workspace_root()
        .join("Cargo.lock")
        .exists()
        .then_some(OsStr::new("--locked"))
}

/// Runs a command and fails if it does.
pub fn run(what: &str, command: GuardedCommand) -> Result<()> {
    let status = command.run()?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Builds every program of the workspace in one go.
///
/// cargo-lambda starts functions with `cargo run --bin`, which resolves the features of shared
/// dependencies for the whole workspace: building single packages would build those twice.
pub fn build_programs(is_release: bool) -> Result<()> {
    let mut build = command("build");
    build.command().arg("--bins").args(locked());
    if is_release {
        build.command().arg("--release");
    }
    run("cargo build", build)
}
