//! A private `PostgreSQL` server.

mod data_directory;
mod options;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

pub use options::PostgresOptions;

use crate::guard::GuardedProcess;
use crate::tools::{PostgresPrograms, Toolbox};
use crate::{ports, server};
use data_directory::DataDirectory;

/// The superuser of every private server.
const SUPERUSER: &str = "postgres";

/// What a server logs when it takes connections, or read-only connections.
const READY: &str = "database system is ready to accept";

/// A running server on 127.0.0.1; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    process: Arc<GuardedProcess>,
    directory: DataDirectory,
    port: u16,
    password: String,
    programs: PostgresPrograms,
    options: PostgresOptions,
}

impl Postgres {
    /// Starts a server, after making its data if there is none yet.
    pub fn start(options: &PostgresOptions) -> Result<Self> {
        let directory = DataDirectory::open(options)?;
        let programs = Toolbox::of_workspace().postgres(directory.major()?)?;
        let password = directory.prepare(&programs)?;
        directory.await_absence()?;
        let (process, port) =
            ports::on_free_port(|port| start(options, &programs, &directory, port))?;
        Ok(Self {
            process,
            directory,
            port,
            password,
            programs,
            options: options.clone(),
        })
    }

    /// Starts a server that replays what this one writes. This one is stopped while its data is copied.
    pub fn start_replica(&mut self) -> Result<Self> {
        let directory = DataDirectory::open(&PostgresOptions::temporary())?;
        self.process.stop()?;
        directory.copy_for_replica(&self.directory)?;
        self.restart()?;
        let primary = format!(
            "host=127.0.0.1 port={} user={SUPERUSER} password={}",
            self.port, self.password
        );
        let options = self.options.clone().setting("primary_conninfo", &primary);
        let (process, port) =
            ports::on_free_port(|port| start(&options, &self.programs, &directory, port))?;
        Ok(Self {
            process,
            directory,
            port,
            password: self.password.clone(),
            programs: self.programs.clone(),
            options,
        })
    }

    /// The superuser's URL of the server that keeps its data in the folder of `options`, if one runs now.
    pub fn url_of_running(options: &PostgresOptions, database: &str) -> Result<Option<String>> {
        let directory = DataDirectory::open(options)?;
        let port = directory.port_of_running();
        port.map(|port| Ok(url(&directory.password()?, port, database)))
            .transpose()
    }

    /// Deletes the folder of a server that does not run.
    pub fn erase(options: &PostgresOptions) -> Result<()> {
        let directory = DataDirectory::open(options)?;
        directory.await_absence()?;
        directory.erase()
    }

    /// The superuser's URL of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(&self.password, self.port, database)
    }

    /// The superuser's password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the server.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.programs.major
    }

    /// The folder with its data, its password and its log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.directory.folder
    }

    /// Kills the server, as a crash of its machine would.
    pub fn crash(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again after a crash, on the same port and data.
    pub fn restart(&mut self) -> Result<()> {
        let deadline = Instant::now() + server::START_LIMIT;
        while Instant::now() < deadline {
            if let Some(process) = start(&self.options, &self.programs, &self.directory, self.port)?
            {
                self.process = process;
                return Ok(());
            }
            thread::sleep(server::POLL_INTERVAL);
        }
        bail!(
            "PostgreSQL could not start again in {:?}",
            server::START_LIMIT
        )
    }

    /// Shuts the server down: sessions are ended, data is written.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

fn url(password: &str, port: u16, database: &str) -> String {
    format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}")
}

fn start(
    options: &PostgresOptions,
    programs: &PostgresPrograms,
    directory: &DataDirectory,
    port: u16,
) -> Result<Option<Arc<GuardedProcess>>> {
    let mut command = directory.command(&programs.folder.join("postgres"));
    let server = command.command();
    server.arg("-D").arg(directory.data());
    let mut settings = vec![
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unix_socket_directories", String::new()),
        ("logging_collector", "off".to_owned()),
        ("lc_messages", "C".to_owned()),
    ];
    if let Some(certificate) = &options.certificate {
        let file = directory.write_private("server.crt", &certificate.certificate)?;
        let key = directory.write_private("server.key", &certificate.key)?;
        settings.push(("ssl", "on".to_owned()));
        settings.push(("ssl_cert_file", file.display().to_string()));
        settings.push(("ssl_key_file", key.display().to_string()));
    }
    let given = options.settings.iter();
    settings.extend(given.map(|(name, value)| (name.as_str(), value.clone())));
    for (name, value) in settings {
        server.arg("-c").arg(format!("{name}={value}"));
    }
    let log = directory.log();
    server::start("PostgreSQL", command, &log, |log| log.contains(READY))
}
