//! Fetching a tool once, whole, and by one command at a time.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Toolbox;

/// What people are told before a fetch.
pub(super) struct Announcement<'text> {
    /// What is fetched, with its version.
    pub(super) what: &'text str,
    /// What it is good for.
    pub(super) purpose: &'text str,
    /// Where it comes from, how large it is and how long it takes.
    pub(super) cost: &'text str,
}

/// The folder `name` of the toolbox, filled by `fill` when it is not there yet.
///
/// `fill` works in a folder of another name, so that an interrupted fetch is never taken for a
/// complete one, and what it leaves must still work after a rename.
pub(super) fn once(
    toolbox: &Toolbox,
    name: &str,
    announcement: &Announcement<'_>,
    fill: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let complete = toolbox.folder().join(name);
    if complete.exists() {
        return Ok(complete);
    }
    fs::create_dir_all(toolbox.folder())
        .with_context(|| format!("could not make {}", toolbox.folder().display()))?;
    let _lock = lock(&toolbox.folder().join(format!("{name}.lock")), name)?;
    if complete.exists() {
        return Ok(complete);
    }
    eprintln!(
        "fetching {}, which {}, into {} ({}); nothing is installed outside .tools",
        announcement.what,
        announcement.purpose,
        complete.display(),
        announcement.cost
    );
    let partial = toolbox.folder().join(format!("{name}.partial"));
    remove(&partial)?;
    fs::create_dir(&partial).with_context(|| format!("could not make {}", partial.display()))?;
    fill(&partial).with_context(|| format!("could not fetch {}", announcement.what))?;
    fs::rename(&partial, &complete)
        .with_context(|| format!("could not move a tool to {}", complete.display()))?;
    Ok(complete)
}

/// Removes a folder of a tool, if it is there.
pub(super) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn lock(path: &Path, name: &str) -> Result<File> {
    let file =
        File::create(path).with_context(|| format!("could not create {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("waiting for another command that fetches {name}");
            file.lock()
                .with_context(|| format!("could not lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("could not lock {}", path.display()));
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use anyhow::bail;

    use super::*;

    const ANNOUNCEMENT: Announcement<'_> = Announcement {
        what: "a tool",
        purpose: "is not real",
        cost: "no time",
    };

    #[test]
    fn a_failed_fetch_is_not_taken_for_a_complete_one() {
        let folder = tempfile::tempdir().unwrap();
        let toolbox = Toolbox::at(folder.path().join("tools"), true);

        let failed = once(&toolbox, "tool-1", &ANNOUNCEMENT, |partial| {
            fs::write(partial.join("half"), "")?;
            bail!("the network went away")
        });
        let fetched = once(&toolbox, "tool-1", &ANNOUNCEMENT, |partial| {
            Ok(fs::write(partial.join("whole"), "")?)
        });

        assert!(failed.is_err());
        let fetched = fetched.unwrap();
        assert!(fetched.join("whole").exists());
        assert!(!fetched.join("half").exists());
    }

    #[test]
    fn two_commands_at_once_fetch_once() {
        let folder = tempfile::tempdir().unwrap();
        let toolbox = Toolbox::at(folder.path().join("tools"), true);
        let fetches = AtomicUsize::new(0);

        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    once(&toolbox, "tool-1", &ANNOUNCEMENT, |_| {
                        fetches.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(100));
                        Ok(())
                    })
                    .unwrap();
                });
            }
        });

        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }
}
