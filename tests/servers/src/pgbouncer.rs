//! A private `PgBouncer` in transaction mode.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::guard::{GuardedProcess, StopSignal};
use crate::tools::Toolbox;
use crate::{places, ports, server};

const STOP_LIMIT: Duration = Duration::from_secs(5);

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
    process: Arc<GuardedProcess>,
    port: u16,
    log: PathBuf,
    // Deleted when this is dropped, which is after the process.
    _folder: TempDir,
}

impl PgBouncer {
    /// Whether this machine can run one.
    pub fn is_available() -> Result<bool> {
        Ok(Toolbox::of_workspace().pgbouncer()?.is_some())
    }

    /// Starts one.
    pub fn start(options: &PgBouncerOptions) -> Result<Self> {
        let program = Toolbox::of_workspace().pgbouncer()?.context(
            "PgBouncer was not found, and only Debian's and Ubuntu's packages of it are known here: \
             install it",
        )?;
        let folder = places::temporary_folder()?;
        let path = folder.path();
        let log = path.join("pgbouncer.log");
        let users = format!("\"{}\" \"{}\"\n", options.user, options.password);
        fs::write(path.join("users.txt"), users)?;
        let (process, port) = ports::on_free_port(|port| {
            fs::write(path.join("pgbouncer.ini"), settings(options, port))?;
            let mut command =
                server::unprivileged(&program, StopSignal::Interrupt, STOP_LIMIT, Some(path));
            command.command().arg("pgbouncer.ini").current_dir(path);
            // A program that was fetched has its libraries beside it.
            command
                .command()
                .env("LD_LIBRARY_PATH", program.with_file_name(""));
            // It listens before it logs this.
            let process =
                server::start("PgBouncer", command, &log, |log| log.contains("process up"))?;
            Ok(process.map(|process| (process, port)))
        })?;
        Ok(Self {
            process,
            port,
            log,
            _folder: folder,
        })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        server::read_log(&self.log)
    }

    /// Stops it.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

fn settings(options: &PgBouncerOptions, port: u16) -> String {
    let PgBouncerOptions {
        server_port,
        server_connections,
        ..
    } = options;
    format!(
        "[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = users.txt
pool_mode = transaction
default_pool_size = {server_connections}
max_client_conn = 2000
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
"
    )
}
