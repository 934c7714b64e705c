//! The `PgBouncer` program.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::Toolbox;
use super::fetch::{self, Announcement};
use super::python::program_folders;
use crate::guard::{GuardedCommand, StopSignal};

/// Where packages put servers, which is not always in PATH.
const MORE_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];

/// Libraries that it needs and that not every Debian has.
const LIBRARIES: [&str; 2] = ["libevent-2", "libc-ares"];

/// The program and what it needs to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgBouncerProgram {
    program: PathBuf,
    libraries: Vec<PathBuf>,
}

impl PgBouncerProgram {
    /// The program.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.program
    }

    /// Shared libraries that came with it.
    #[must_use]
    pub fn libraries(&self) -> &[PathBuf] {
        &self.libraries
    }
}

/// Nothing, if the machine has none and its system packages none in a way known here.
pub(super) fn find_or_fetch(toolbox: &Toolbox) -> Result<Option<PgBouncerProgram>> {
    if toolbox.may_use_machine()
        && let Some(program) = find_on_machine()
    {
        return Ok(Some(PgBouncerProgram {
            program,
            libraries: Vec::new(),
        }));
    }
    if !["apt-get", "dpkg-deb"].iter().all(runs) {
        return Ok(None);
    }
    let announcement = Announcement {
        what: "PgBouncer",
        purpose: "is the pooler of the tests",
        cost: "packages of this Debian or Ubuntu, unpacked, 1 MB on disk, 5 s",
    };
    let folder = fetch::once(toolbox, "pgbouncer", &announcement, fetch_packages)?;
    let libraries = shared_libraries(&folder.join("usr/lib"))?;
    let program = folder.join("usr/sbin/pgbouncer");
    if !program.is_file() {
        bail!("there is no PgBouncer in {}", folder.display());
    }
    Ok(Some(PgBouncerProgram { program, libraries }))
}

fn find_on_machine() -> Option<PathBuf> {
    let mut folders = program_folders();
    folders.extend(MORE_FOLDERS.map(PathBuf::from));
    let mut programs = folders.iter().map(|folder| folder.join("pgbouncer"));
    programs.find(|program| runs(program))
}

/// Whether a program is there and tells its version.
fn runs(program: impl AsRef<OsStr>) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Gets packages through apt, which checks their signatures and needs no rights for this: its lists
/// and files are kept in the folder. The release of the distribution pins their version.
fn fetch_packages(folder: &Path) -> Result<()> {
    let apt = Apt::in_folder(&folder.join("apt"))?;
    apt.run("apt-get", &["-q", "-q", "update"])?;
    let mut packages = vec!["pgbouncer".to_owned()];
    packages.extend(libraries_of(
        &apt.read("apt-cache", &["depends", "pgbouncer"])?,
    ));
    let mut download = vec!["-q", "-q", "download"];
    download.extend(packages.iter().map(String::as_str));
    apt.run("apt-get", &download)?;
    for entry in fs::read_dir(&apt.folder)?.flatten() {
        let package = entry.path();
        if package.extension().is_some_and(|end| end == "deb") {
            let mut unpack = GuardedCommand::new("dpkg-deb", StopSignal::Terminate, PATIENCE, None);
            unpack.command().arg("-x").arg(&package).arg(folder);
            if !unpack.run()?.success() {
                bail!("dpkg-deb could not unpack {}", package.display());
            }
        }
    }
    fetch::remove(&apt.folder)
}

const PATIENCE: Duration = Duration::from_secs(5);

struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn in_folder(folder: &Path) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    fn prepare(&self, program: &str, arguments: &[&str]) -> GuardedCommand {
        let mut command = GuardedCommand::new(program, StopSignal::Terminate, PATIENCE, None);
        let folder = self.folder.display();
        command
            .command()
            .current_dir(&self.folder)
            .args(["-o", &format!("Dir::State::lists={folder}/lists")])
            .args(["-o", &format!("Dir::Cache={folder}/cache")])
            .args(["-o", "Debug::NoLocking=true"])
            // What root downloads is otherwise written by a user who may not enter this folder.
            .args(["-o", "APT::Sandbox::User=root"])
            .args(arguments);
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let mut command = self.prepare(program, arguments);
        command.command().stdout(Stdio::null());
        if !command.run()?.success() {
            bail!("{program} {} failed, see above", arguments.join(" "));
        }
        Ok(())
    }

    fn read(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self.folder.join("output");
        let mut command = self.prepare(program, arguments);
        command.command().stdout(fs::File::create(&output)?);
        if !command.run()?.success() {
            bail!("{program} {} failed, see above", arguments.join(" "));
        }
        Ok(fs::read_to_string(output)?)
    }
}

/// The packages of libraries in lines like `  Depends: libevent-2.1-7`.
fn libraries_of(dependencies: &str) -> Vec<String> {
    dependencies
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .filter(|package| LIBRARIES.iter().any(|library| package.starts_with(library)))
        .map(str::to_owned)
        .collect()
}

/// Every file below a folder that is named like a shared library.
fn shared_libraries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).context("PgBouncer came without libraries")? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(shared_libraries(&path)?);
        } else if path.to_string_lossy().contains(".so.") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_that_may_be_missing_are_found_under_the_names_of_each_release() {
        let debian =
            "pgbouncer\n  Depends: libc-ares2\n  Depends: libc6\n  Depends: libevent-2.1-7\n";
        assert_eq!(libraries_of(debian), ["libc-ares2", "libevent-2.1-7"]);
        let ubuntu = "pgbouncer\n  Depends: libevent-2.1-7t64\n  Depends: libssl3t64\n";
        assert_eq!(libraries_of(ubuntu), ["libevent-2.1-7t64"]);
    }
}
