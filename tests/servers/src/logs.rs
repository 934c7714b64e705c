//! Log files of servers, and what to quote of them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

const QUOTED_LINES: usize = 20;

/// Sends both outputs of `command` to a new file at `path`.
pub(crate) fn write_to(command: &mut Command, path: &Path) -> Result<()> {
    let file =
        File::create(path).with_context(|| format!("could not create {}", path.display()))?;
    let copy = file.try_clone().context("could not share a log file")?;
    command.stdout(Stdio::from(file)).stderr(Stdio::from(copy));
    Ok(())
}

/// The whole log, as far as it can be read.
pub(crate) fn read(path: &Path) -> String {
    fs::read(path).map_or_else(
        |_| String::new(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(path: &Path) -> String {
    let text = read(path);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
}
