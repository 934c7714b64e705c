//! A private `PgBouncer` in transaction mode.

use std::fs;

use anyhow::{Context as _, Result};

use crate::server::{self, Server};
use crate::tools::Toolbox;

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
pub struct PgBouncer(Server);

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
        let users = format!("\"{}\" \"{}\"\n", options.user, options.password);
        let server = Server::start(|port, folder| {
            fs::write(folder.join("users.txt"), &users)?;
            fs::write(folder.join("pgbouncer.ini"), settings(options, port))?;
            let mut command = server::unprivileged(&program).temporary_folder(folder);
            let pooler = command.command().arg("pgbouncer.ini").current_dir(folder);
            // A program that was fetched has its libraries beside it.
            pooler.env("LD_LIBRARY_PATH", program.with_file_name(""));
            // It listens before it logs this.
            let log = folder.join("server.log");
            server::start("PgBouncer", command, &log, |log| log.contains("process up"))
        })?;
        Ok(Self(server))
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }
}

fn settings(options: &PgBouncerOptions, port: u16) -> String {
    let server_port = options.server_port;
    let server_connections = options.server_connections;
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
