//! Folders: the workspace's own, and temporary ones.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The root folder of this workspace.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// A new folder of mode 0700 in the system's temporary directory.
pub(crate) fn temporary_folder() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("rollcall-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .context("could not make a temporary folder")
}
