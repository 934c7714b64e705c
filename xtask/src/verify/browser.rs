//! The console: its types, the files that are made from it, and its journeys in a browser.

use std::fs;

use anyhow::Result;
use servers::guard::GuardedCommand;
use servers::places::workspace_root;

use crate::cargo;
use crate::console;
use crate::test::TestServers;

/// Checks everything.
pub(super) fn check() -> Result<()> {
    fetch_packages()?;
    cargo::run(
        "the check of the console",
        npm(&["run", "--silent", "check"]),
    )?;
    cargo::build_programs(false)?;
    let test = [
        "--workspace",
        "--features=contract-tests/console",
        "--test=console",
        "--",
        "--nocapture",
    ];
    TestServers::start()?.test(&test.map(str::to_owned))
}

/// Fetches what `package-lock.json` names, unless it is there.
pub(super) fn fetch_packages() -> Result<()> {
    let folder = workspace_root().join("console");
    let wanted = fs::read(folder.join("package-lock.json"))?;
    let fetched = folder.join("node_modules/.fetched");
    if fs::read(&fetched).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    console::say("fetching the console's packages into console/node_modules");
    let options = [
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ];
    cargo::run("npm ci", npm(&[&["ci"][..], &options].concat()))?;
    Ok(fs::write(fetched, wanted)?)
}

fn npm(arguments: &[&str]) -> GuardedCommand {
    let mut npm = GuardedCommand::new("npm");
    npm.command()
        .args(arguments)
        .current_dir(workspace_root().join("console"));
    npm
}
