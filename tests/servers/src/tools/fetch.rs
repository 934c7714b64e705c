//! Fetching a tool once, whole, and by one command at a time.
//!
//! `pins/<tool>` names its files by their checksums. Debian's packages are pinned by the release and checked
//! by their signatures.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::Toolbox;
use crate::guard::GuardedCommand;
use crate::places;

/// What fetches the packages of a tool into the current folder.
pub(super) const NODE: &str = include_str!("node.sh");
pub(super) const PGBOUNCER: &str = include_str!("pgbouncer.sh");
pub(super) const PYTHON: &str = include_str!("python.sh");

/// The folder with a folder for each tool.
pub(super) fn pins() -> PathBuf {
    places::workspace_root().join("tests/servers/pins")
}

impl Toolbox {
    /// The folder of a tool, filled by a shell script when it is not there yet.
    pub(super) fn fetch(&self, tool: &str, script: &str) -> Result<PathBuf> {
        let pins = pins().join(tool);
        // The pins are part of the name, so that a changed pin is fetched.
        let mut content = script.as_bytes().to_vec();
        for file in ["requirements.txt", "package-lock.json"] {
            content.extend(fs::read(pins.join(file)).unwrap_or_default());
        }
        let folder = self
            .folder
            .join(format!("{tool}-{:016x}", fingerprint(&content)));
        let purpose = fs::read_to_string(pins.join("about.txt"))
            .with_context(|| format!("{tool} is not a tool"))?;
        fill_once(&folder, purpose.trim(), |partial| {
            let mut install = GuardedCommand::new("sh");
            install
                .command()
                .args(["-c", script, "fetch"])
                .arg(&pins)
                .current_dir(partial);
            ensure!(install.run()?.success(), "see above");
            Ok(())
        })
    }
}

/// A folder, filled by `fill` when it is not there yet.
///
/// `fill` works in a folder of another name, so that an interrupted fetch is never taken for a complete
/// one, and what it leaves must still work after a rename.
fn fill_once(
    complete: &Path,
    purpose: &str,
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    if is_usable(complete) {
        return Ok(complete.to_path_buf());
    }
    let folder = complete.display();
    fs::create_dir_all(complete.with_file_name("")).context("could not make .tools")?;
    let lock = File::create(complete.with_extension("lock")).context("could not lock .tools")?;
    if lock.try_lock().is_err() {
        eprintln!("waiting for another command that fetches {folder}");
        lock.lock()?;
    }
    if is_usable(complete) {
        return Ok(complete.to_path_buf());
    }
    eprintln!("fetching {folder}, which {purpose}; nothing is installed outside .tools");
    let partial = complete.with_extension("partial");
    remove(complete)?;
    remove(&partial)?;
    fs::create_dir(&partial)?;
    fill(&partial).with_context(|| format!("could not fetch {folder}"))?;
    fs::rename(&partial, complete)?;
    Ok(complete.to_path_buf())
}

/// Whether a folder is there, and its interpreter too, if it has one.
fn is_usable(folder: &Path) -> bool {
    let interpreter = folder.join("bin/python");
    folder.exists() && (!interpreter.is_symlink() || interpreter.exists())
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What is in a folder that has one entry.
pub(super) fn only_entry(folder: &Path) -> Result<PathBuf> {
    let entry = folder
        .read_dir()
        .ok()
        .and_then(|mut found| found.next()?.ok());
    let entry = entry.with_context(|| format!("{} is empty", folder.display()))?;
    Ok(entry.path())
}

/// A number that stays the same for the same bytes (FNV-1a). The standard library's hasher may change with
/// the toolchain, and everything would then be fetched again.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_fetch_is_not_taken_for_a_complete_one() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("tools/tool");

        let failed = fill_once(&folder, "is not real", |partial| {
            fs::write(partial.join("half"), "")?;
            bail!("the network went away")
        });
        failed.unwrap_err();
        let fill = |partial: &Path| Ok(fs::write(partial.join("whole"), "")?);
        fill_once(&folder, "is not real", fill).unwrap();

        assert_eq!(only_entry(&folder).unwrap(), folder.join("whole"));
    }

    #[test]
    fn two_commands_at_once_fetch_once() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("tool");
        let fetches = AtomicUsize::new(0);
        let start = Barrier::new(2);
        let fetch = || {
            start.wait();
            fill_once(&folder, "is not real", |_| {
                fetches.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        };

        std::thread::scope(|scope| {
            scope.spawn(fetch);
            scope.spawn(fetch);
        });

        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }
}
