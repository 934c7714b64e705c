//! Packages of the npm registry, through the ordinary client.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::guard::{GuardedCommand, StopSignal};

/// Installs one package at an exact version into `folder`, without running its scripts.
pub(super) fn install(folder: &Path, package: &str, version: &str) -> Result<()> {
    Command::new("npm")
        .arg("--version")
        .output()
        .context("npm is needed to fetch it and was not found: install Node.js with npm")?;
    let mut npm = GuardedCommand::new("npm", StopSignal::Terminate, Duration::from_secs(5), None);
    npm.command()
        .args(["install", "--prefix"])
        .arg(folder)
        .args(["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--loglevel", "error"])
        .arg(format!("{package}@{version}"))
        .stdout(Stdio::null());
    let status = npm.run()?;
    if !status.success() {
        bail!(
            "npm could not install {package} {version}, see above: the npm registry (or the mirror \
             in your npm settings) must be reachable the first time"
        );
    }
    Ok(())
}
