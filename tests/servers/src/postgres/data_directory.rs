//! The folder of one server: its data, its password and its log.

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use ring::{digest, hmac};
use tempfile::{NamedTempFile, TempDir};

use super::{PostgresOptions, SUPERUSER};
use crate::guard::GuardedCommand;
use crate::tools::PostgresPrograms;
use crate::{places, server};

/// The first one sorts and folds text as a production database does; the second is always there.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// A server whose owner was killed is being stopped by its guard, which takes a moment.
const ABSENCE_LIMIT: Duration = Duration::from_secs(15);
const STOP_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct DataDirectory {
    pub(super) folder: PathBuf,
    // Deletes the folder when this is dropped.
    temporary: Option<TempDir>,
}

impl DataDirectory {
    /// Makes the folder if needed.
    pub(super) fn open(options: &PostgresOptions) -> Result<Self> {
        let Some(folder) = options.folder.clone() else {
            let temporary = places::temporary_folder()?;
            let folder = temporary.path().to_path_buf();
            let temporary = Some(temporary);
            return Ok(Self { folder, temporary });
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        let made = builder.create(&folder);
        made.with_context(|| format!("could not make {}", folder.display()))?;
        let temporary = None;
        Ok(Self { folder, temporary })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    pub(super) fn password(&self) -> Result<String> {
        let path = self.folder.join("password");
        fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))
    }

    /// The major version that made the data, if there is any.
    pub(super) fn major(&self) -> Result<Option<u32>> {
        let path = self.data().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| {
                let path = path.display();
                format!(
                    "{path} cannot be read (made by root?): delete the folder, or run as before"
                )
            }),
        }
    }

    /// Makes the data unless there is some, and gives the superuser's password.
    pub(super) fn prepare(&self, programs: &PostgresPrograms) -> Result<String> {
        match self.major()? {
            Some(made_by) if made_by == programs.major => return self.password(),
            Some(made_by) => bail!(
                "the data in {} was made by PostgreSQL {made_by}, and the server here is version \
                 {}: start over (`cargo dev --reset`), or name a folder with PostgreSQL {made_by} \
                 in ROLLCALL_POSTGRES_BIN",
                self.folder.display(),
                programs.major
            ),
            None => {}
        }
        let mut bytes = [0; size_of::<u128>()];
        File::open("/dev/urandom")
            .and_then(|mut source| source.read_exact(&mut bytes))
            .context("could not read random bytes")?;
        let password = format!("{:032x}", u128::from_be_bytes(bytes));
        self.write_private("password", &password)?;
        let verifier = match self.temporary {
            Some(_) => quick_verifier(&password),
            None => password.clone(),
        };
        self.write_private("verifier", &verifier)?;
        self.initialise(programs)?;
        Ok(password)
    }

    /// Replaces a file of the folder by one that only its owner may read.
    pub(super) fn write_private(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&path)?;
        Ok(path)
    }

    /// The port of the server that uses the data, if one does and takes connections.
    pub(super) fn port_of_running(&self) -> Option<u16> {
        let lines = self.postmaster_lines()?;
        let is_ready = lines.get(7).is_some_and(|status| status.trim() == "ready");
        let port = lines.get(3)?.parse().ok()?;
        (is_ready && is_postgres(lines.first()?.parse().ok()?)).then_some(port)
    }

    /// Waits until no server uses the data, and removes the trace of one that is long gone.
    pub(super) fn await_absence(&self) -> Result<()> {
        let deadline = Instant::now() + ABSENCE_LIMIT;
        while let Some(pid) = self
            .postmaster_lines()
            .and_then(|lines| lines.first()?.parse().ok())
        {
            if !is_postgres(pid) {
                // The server would remove it by itself, but not if its number was given to another
                // process since, after a restart of the machine.
                let _ = fs::remove_file(self.data().join("postmaster.pid"));
                break;
            }
            let data = self.data();
            ensure!(
                Instant::now() < deadline,
                "another PostgreSQL server (process {pid}) uses {}: stop the command that started it",
                data.display()
            );
            thread::sleep(server::POLL_INTERVAL);
        }
        Ok(())
    }

    /// Process id, data folder, start time, port, socket folder, address, memory, status.
    fn postmaster_lines(&self) -> Option<Vec<String>> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }

    pub(super) fn erase(self) -> Result<()> {
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("could not delete {}", self.folder.display()))
    }

    /// A command that neither root nor the caller's own settings and language disturb.
    pub(super) fn command(&self, program: &Path) -> GuardedCommand {
        let mut command = server::unprivileged(program).stop_limit(STOP_LIMIT);
        if let Some(temporary) = &self.temporary {
            command = command.temporary_folder(temporary.path());
        }
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.command().env_remove(name);
            }
        }
        let environment = command.command().env("LC_ALL", "C");
        environment.current_dir(&self.folder);
        command
    }

    /// Copies the data of a server that does not run, for one that follows it.
    pub(super) fn copy_for_replica(&self, primary: &Self) -> Result<()> {
        let mut copy = self.command(Path::new("cp"));
        copy.command()
            .arg("-a")
            .arg(primary.data())
            .arg(self.data());
        let mut mark = self.command(Path::new("touch"));
        mark.command().arg(self.data().join("standby.signal"));
        for command in [copy, mark] {
            ensure!(command.run()?.success(), "the data could not be copied");
        }
        Ok(())
    }

    /// Runs initdb in a folder of another name, so that an interrupted one is done again.
    fn initialise(&self, programs: &PostgresPrograms) -> Result<()> {
        let initdb = programs.folder.join("initdb");
        let partial = self.folder.join("data.partial");
        let log = self.folder.join("initdb.log");
        for locale in LOCALES {
            if partial.exists() {
                fs::remove_dir_all(&partial)?;
            }
            let mut command = self.command(&initdb);
            command
                .command()
                .args(["--username", SUPERUSER, "--encoding", "UTF8"])
                .args(["--auth", "scram-sha-256", "--locale", locale])
                .args(["--pwfile", "verifier", "--pgdata", "data.partial"])
                .args(self.temporary.as_ref().map(|_| "--no-sync"));
            server::log_to(&mut command, &log)?;
            if command.run()?.success() {
                return fs::rename(&partial, self.data())
                    .context("could not move the new data into place");
            }
        }
        bail!(
            "initdb failed:\n{}",
            server::last_lines(&fs::read_to_string(&log)?)
        )
    }
}

/// What the server stores of a password (RFC 5803), with one round of hashing instead of 4096: a log-in took a
/// test, and each program that it starts, a tenth of a second.
fn quick_verifier(password: &str) -> String {
    const SALT: &[u8] = b"salt of the tests";
    let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
    let salted = hmac::sign(
        &key(password.as_bytes()),
        &[SALT, &1_u32.to_be_bytes()].concat(),
    );
    let signed = |text: &str| hmac::sign(&key(salted.as_ref()), text.as_bytes());
    let stored = digest::digest(&digest::SHA256, signed("Client Key").as_ref());
    format!(
        "SCRAM-SHA-256$1:{}${}:{}",
        STANDARD.encode(SALT),
        STANDARD.encode(stored),
        STANDARD.encode(signed("Server Key"))
    )
}

/// Whether a process exists and is a `PostgreSQL` server.
fn is_postgres(pid: i32) -> bool {
    if kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
        return false;
    }
    // Linux tells the name in a file, where slim images have no `ps`; macOS has a `ps` and no such file.
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_else(|_| {
        let output = Command::new("ps")
            .args(["-o", "comm=", "-p", &pid.to_string()])
            .output();
        // A process without a name must be taken for what the file says that it is.
        output.map_or_else(
            |_| "postgres".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    });
    name.contains("postgres")
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "/tmp/data\n1795450402\n54999\n\n127.0.0.1\n 10233439 4\nready   \n";

    #[test]
    fn a_process_of_another_kind_is_not_taken_for_a_server() {
        let directory = DataDirectory::open(&PostgresOptions::temporary()).unwrap();
        fs::create_dir(directory.data()).unwrap();
        let file = directory.data().join("postmaster.pid");
        fs::write(&file, format!("{}\n{READY}", std::process::id())).unwrap();

        assert_eq!(directory.port_of_running(), None);
        directory.await_absence().unwrap();

        assert!(!file.exists());
    }
}
