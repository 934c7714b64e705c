//! Programs that the machine has.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where packages put servers, which is not always in PATH.
const MORE_FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];

/// Every program of a name.
pub(super) fn programs(name: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(MORE_FOLDERS.map(PathBuf::from))
        .map(|folder| folder.join(name))
        .filter(|program| program.is_file())
        .collect()
}

/// Major and minor version, as a program tells them; nothing if it does not run.
pub(super) fn version(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<(u32, u32)> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let output = command.stderr(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// The first number in a text, and the one after its point.
pub(super) fn parse_version(text: &str) -> Option<(u32, u32)> {
    let is_no_digit = |character: char| !character.is_ascii_digit();
    let start = text.find(|character: char| character.is_ascii_digit())?;
    let mut numbers = text[start..].split(is_no_digit).map(str::parse);
    let major = numbers.next()?.ok()?;
    Some((major, numbers.next().and_then(Result::ok).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_programs_and_folders_say() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, 18)));
        let beta = "postgres (PostgreSQL) 19beta1\n";
        assert_eq!(parse_version(beta), Some((19, 0)));
        let valkey = "Valkey server v=9.1.2 sha=00000000:1 malloc=libc";
        assert_eq!(parse_version(valkey), Some((9, 1)));
        assert_eq!(parse_version("cargo-lambda 1.9.2 (2026)"), Some((1, 9)));
        assert_eq!(parse_version("pgsql-16"), Some((16, 0)));
        assert_eq!(parse_version("something else"), None);
    }
}
