//! Folders: the workspace's own, and shared temporary ones that the servers' account can reach.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::account::Account;

/// The root folder of this workspace.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// A new folder of mode 0700 in the system's temporary directory, owned by `account`.
pub fn new_temporary_folder(account: &Account) -> Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("rollcall-")
        .tempdir_in(temporary_directory(account)?)
        .context("could not make a temporary folder")?;
    account.give(folder.path())?;
    Ok(folder)
}

/// The folder in the system's temporary directory that stands in for this workspace, for what the
/// servers' account must reach and cannot reach in the workspace itself.
pub fn stand_in_for_workspace(account: &Account) -> Result<PathBuf> {
    let folder = temporary_directory(account)?.join(format!(
        "rollcall-{:016x}",
        fingerprint(workspace_root().as_os_str().as_encoded_bytes())
    ));
    match fs::DirBuilder::new().mode(0o755).create(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("could not make {}", folder.display()));
        }
        _ => {}
    }
    // Anybody may make folders there, and the name is no secret.
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != nix::unistd::geteuid().as_raw() {
        bail!(
            "{} belongs to somebody else: remove it, or set TMPDIR to another folder",
            folder.display()
        );
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// A number that stays the same for the same bytes (FNV-1a), to tell folders and pins apart by name.
///
/// The standard library's hasher may change with the toolchain, and a folder would then be lost.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn temporary_directory(account: &Account) -> Result<PathBuf> {
    let own = std::env::temp_dir();
    for candidate in [own.as_path(), Path::new("/tmp"), Path::new("/var/tmp")] {
        if account.passes("-x", candidate)? && candidate.is_dir() {
            return Ok(candidate.to_path_buf());
        }
    }
    bail!(
        "PostgreSQL may not run as root, and the account it would run under cannot use {}: \
         set TMPDIR to a folder that everybody can enter",
        own.display()
    )
}
