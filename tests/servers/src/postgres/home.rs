//! The folder of one server: its data, its password and its log.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::{PostgresOptions, SUPERUSER, in_clean_environment};
use crate::account::Account;
use crate::certificate::ServerCertificate;
use crate::guard::{GuardedCommand, StopSignal};
use crate::tools::PostgresPrograms;
use crate::{logs, places};

/// The first one sorts and folds text as a production database does; the second is always there.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
    // Deletes the folder when this is dropped.
    temporary: Option<TempDir>,
}

impl Home {
    /// Makes the folder if needed and hands it to the server's account.
    pub(super) fn open(options: &PostgresOptions, account: &Account) -> Result<Self> {
        let Some(wanted) = options.folder() else {
            let temporary = places::new_temporary_folder(account)?;
            return Ok(Self {
                folder: temporary.path().to_path_buf(),
                temporary: Some(temporary),
            });
        };
        let mut folder = wanted.to_path_buf();
        make_private(&folder, account)?;
        if !account.passes("-w", &folder)? {
            if *account == Account::Own {
                bail!(
                    "{} belongs to somebody else (was it made by root?): delete it, or run as \
                     before",
                    folder.display()
                );
            }
            let name = places::fingerprint(folder.as_os_str().as_encoded_bytes());
            folder = places::stand_in_for_workspace(account)?.join(format!("data-{name:016x}"));
            make_private(&folder, account)?;
            eprintln!(
                "PostgreSQL may not run as root, and its account cannot reach {}, so the data is in \
                 {}",
                wanted.display(),
                folder.display()
            );
        }
        Ok(Self {
            folder,
            temporary: None,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// The folder to delete when the server's owner is gone.
    pub(super) fn leftover(&self) -> Option<&Path> {
        self.temporary.as_ref().map(TempDir::path)
    }

    pub(super) fn password(&self) -> Result<String> {
        let path = self.password_file();
        let text = fs::read_to_string(&path)
            .with_context(|| format!("could not read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// The major version that made the data folder, if there is one.
    pub(super) fn data_major(&self) -> Result<Option<u32>> {
        let path = self.data().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("could not read {}", path.display())),
        }
    }

    /// Makes the data folder unless there is one, and gives the superuser's password.
    pub(super) fn prepare(&self, programs: &PostgresPrograms, account: &Account) -> Result<String> {
        match self.data_major()? {
            Some(made_by) if made_by == programs.major() => return self.password(),
            Some(made_by) => bail!(
                "the data in {} was made by PostgreSQL {made_by}, and the server here is version \
                 {}: start over (`cargo dev --reset`), or name a folder with PostgreSQL {made_by} \
                 in ROLLCALL_POSTGRES_BIN",
                self.folder.display(),
                programs.major()
            ),
            None => {}
        }
        let password = random_hex()?;
        let password_file = self.password_file();
        write_private(&password_file, &password, account)?;
        self.initialise(programs, account)?;
        Ok(password)
    }

    /// Puts a certificate and its key where the server may read them.
    pub(super) fn store(&self, certificate: &ServerCertificate, account: &Account) -> Result<()> {
        write_private(&self.certificate_file(), &certificate.certificate, account)?;
        write_private(&self.key_file(), &certificate.key, account)
    }

    pub(super) fn certificate_file(&self) -> PathBuf {
        self.folder.join("server.crt")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    pub(super) fn erase(self) -> Result<()> {
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("could not delete {}", self.folder.display()))
    }

    fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// Runs initdb in a folder of another name, so that an interrupted one is done again.
    fn initialise(&self, programs: &PostgresPrograms, account: &Account) -> Result<()> {
        let partial = self.folder.join("data.partial");
        let log = self.folder.join("initdb.log");
        for locale in LOCALES {
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            let mut command = GuardedCommand::new(
                programs.folder().join("initdb"),
                StopSignal::Terminate,
                Duration::from_secs(5),
                self.leftover(),
            );
            let initdb = in_clean_environment(command.command(), self);
            initdb
                .args(["--username", SUPERUSER, "--encoding", "UTF8"])
                .args(["--auth", "scram-sha-256", "--locale", locale])
                .arg("--pwfile")
                .arg(self.password_file())
                .arg("--pgdata")
                .arg(&partial);
            if self.temporary.is_some() {
                initdb.arg("--no-sync");
            }
            account.apply(initdb);
            logs::write_to(initdb, &log)?;
            if command.run()?.success() {
                return fs::rename(&partial, self.data())
                    .context("could not move the new data folder into place");
            }
        }
        bail!("initdb failed:\n{}", logs::tail(&log))
    }
}

fn make_private(folder: &Path, account: &Account) -> Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)
            .with_context(|| format!("could not make {}", parent.display()))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => account.give(folder),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("could not make {}", folder.display())),
    }
}

fn write_private(path: &Path, text: &str, account: &Account) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("could not replace {}", path.display()));
        }
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("could not write {}", path.display()))?;
    account.give(path)
}

fn random_hex() -> Result<String> {
    let mut bytes = [0; size_of::<u128>()];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("could not read random bytes")?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
