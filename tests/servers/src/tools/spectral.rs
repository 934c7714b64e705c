//! Spectral, the linter of API documents.

use std::path::PathBuf;

use anyhow::Result;

use super::Toolbox;
use super::fetch::{self, Announcement};
use super::npm;

const PACKAGE: &str = "@stoplight/spectral-cli";
const VERSION: &str = "6.16.3";
const SCRIPT: &str = "node_modules/@stoplight/spectral-cli/dist/index.js";

/// The script, fetched when it is not there yet.
pub(super) fn find_or_fetch(toolbox: &Toolbox) -> Result<PathBuf> {
    let announcement = Announcement {
        what: &format!("spectral {VERSION}"),
        purpose: "checks openapi.json",
        cost: "packages for Node.js, about 70 MB on disk, 25 s",
    };
    let folder = fetch::once(
        toolbox,
        &format!("spectral-{VERSION}"),
        &announcement,
        |folder| npm::install(folder, PACKAGE, VERSION),
    )?;
    Ok(folder.join(SCRIPT))
}
