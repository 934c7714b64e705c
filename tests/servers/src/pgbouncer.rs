//! A private `PgBouncer` in transaction mode.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::account::Account;
use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};
use crate::tools::{PgBouncerProgram, Toolbox};
use crate::{logs, places, ports};

const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const PORT_ATTEMPTS: usize = 5;

/// The server behind a pooler.
#[derive(Clone, Debug)]
pub struct PgBouncerOptions {
    /// Its port on 127.0.0.1.
    pub server_port: u16,
    /// Who may log in to the pooler, and as whom it logs in to the server.
    pub user: String,
    /// The password for both.
    pub password: String,
    /// How many connections to a database of the server it opens at most.
    pub server_connections: u32,
}

/// A running pooler on 127.0.0.1; it is stopped when this is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    process: GuardedProcess,
    port: u16,
    // Deleted when this is dropped, which is after the process.
    folder: TempDir,
}

impl PgBouncer {
    /// Whether this machine can run one.
    pub fn is_available() -> Result<bool> {
        Ok(Toolbox::of_workspace().pgbouncer()?.is_some())
    }

    /// Starts one.
    pub fn start(options: &PgBouncerOptions) -> Result<Self> {
        let account = Account::for_postgres();
        let program = Toolbox::of_workspace().pgbouncer()?.context(
            "PgBouncer was not found, and only Debian's and Ubuntu's packages of it are known \
             here: install it",
        )?;
        for _ in 0..PORT_ATTEMPTS {
            let folder = places::new_temporary_folder(&account)?;
            let port = ports::free_port()?;
            if let Some(process) = launch(options, &program, &account, folder.path(), port)? {
                return Ok(Self {
                    process,
                    port,
                    folder,
                });
            }
        }
        bail!("lost {PORT_ATTEMPTS} free ports in a row to other programs");
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        logs::read(&self.folder.path().join("pgbouncer.log"))
    }

    /// Stops it.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

/// Nothing, if the port was lost to another program.
fn launch(
    options: &PgBouncerOptions,
    original: &PgBouncerProgram,
    account: &Account,
    folder: &Path,
    port: u16,
) -> Result<Option<GuardedProcess>> {
    // It refuses to run as root, and the account that it runs under then may not reach the workspace.
    let program = folder.join("pgbouncer");
    for file in original.libraries().iter().chain([&original.path().into()]) {
        let name = file.file_name().context("a program has a name")?;
        fs::copy(file, folder.join(name)).context("could not copy PgBouncer")?;
    }
    let settings = folder.join("pgbouncer.ini");
    fs::write(&settings, write_settings(options, folder, port))?;
    let users = folder.join("users.txt");
    fs::write(
        &users,
        format!("\"{}\" \"{}\"\n", options.user, options.password),
    )?;
    for file in [&settings, &users] {
        account.give(file)?;
    }
    let log = folder.join("pgbouncer.log");
    let mut command =
        GuardedCommand::new(&program, StopSignal::Interrupt, STOP_LIMIT, Some(folder));
    let pooler = command.command();
    pooler
        .arg(&settings)
        .env("LD_LIBRARY_PATH", folder)
        .current_dir(folder);
    account.apply(pooler);
    logs::write_to(pooler, &log)?;
    let process = command.spawn()?;
    let deadline = Instant::now() + START_LIMIT;
    loop {
        if let Some(status) = process.try_wait()? {
            let log = logs::tail(&log);
            if log.contains("Address already in use") {
                return Ok(None);
            }
            bail!("PgBouncer ended with {status} before it was ready:\n{log}");
        }
        if logs::read(&log).contains("process up")
            && TcpStream::connect(("127.0.0.1", port)).is_ok()
        {
            return Ok(Some(process));
        }
        if Instant::now() >= deadline {
            bail!(
                "PgBouncer was not ready after {START_LIMIT:?}:\n{}",
                logs::tail(&log)
            );
        }
        thread::sleep(POLL_INTERVAL);
    }
}

fn write_settings(options: &PgBouncerOptions, folder: &Path, port: u16) -> String {
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = scram-sha-256\n\
         auth_file = {}/users.txt\n\
         pool_mode = transaction\n\
         default_pool_size = {}\n\
         max_client_conn = 2000\n\
         ignore_startup_parameters = extra_float_digits\n\
         log_connections = 0\n\
         log_disconnections = 0\n",
        options.server_port,
        folder.display(),
        options.server_connections
    )
}
