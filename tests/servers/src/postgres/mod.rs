//! A private `PostgreSQL` server.

mod home;
mod options;
mod postmaster;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

pub use options::PostgresOptions;

use crate::account::Account;
use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};
use crate::tools::{PostgresPrograms, Toolbox};
use crate::{logs, places, ports};
use home::Home;
use postmaster::Postmaster;

/// The superuser of every private server.
const SUPERUSER: &str = "postgres";

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Ports can be lost to another program between looking and listening; more often than this in a
/// row means that something else is wrong.
const PORT_ATTEMPTS: usize = 5;

/// A running server on 127.0.0.1; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Postgres {
    process: GuardedProcess,
    home: Home,
    port: u16,
    password: String,
    programs: PostgresPrograms,
    options: PostgresOptions,
}

enum Start {
    Ready(GuardedProcess),
    PortLost,
    /// Processes of a server that was killed have not ended yet.
    StillInUse,
}

impl Postgres {
    /// Starts a server, after making its data folder if there is none yet.
    pub fn start(options: &PostgresOptions) -> Result<Self> {
        let account = Account::for_postgres();
        let home = Home::open(options, &account)?;
        let programs = Toolbox::of_workspace().postgres(home.data_major()?)?;
        let programs = reachable(programs, &account)?;
        let password = home.prepare(&programs, &account)?;
        if let Some(certificate) = options.certificate() {
            home.store(certificate, &account)?;
        }
        Postmaster::await_absence(&home)?;
        for _ in 0..PORT_ATTEMPTS {
            let port = ports::free_port()?;
            if let Start::Ready(process) = launch(options, &programs, &account, &home, port)? {
                return Ok(Self {
                    process,
                    home,
                    port,
                    password,
                    programs,
                    options: options.clone(),
                });
            }
        }
        bail!("lost {PORT_ATTEMPTS} free ports in a row to other programs");
    }

    /// The superuser's URL of the server that keeps its data in `folder`, if one runs there now.
    pub fn url_of_running(options: &PostgresOptions, database: &str) -> Result<Option<String>> {
        let home = Home::open(options, &Account::for_postgres())?;
        let Some(port) = Postmaster::read(&home).and_then(|found| found.ready_port()) else {
            return Ok(None);
        };
        Ok(Some(url(&home.password()?, port, database)))
    }

    /// Deletes the data folder of a server that does not run.
    pub fn erase(options: &PostgresOptions) -> Result<()> {
        let home = Home::open(options, &Account::for_postgres())?;
        Postmaster::await_absence(&home)?;
        home.erase()
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
        self.programs.major()
    }

    /// The folder with its data, its password and its log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.home.folder()
    }

    /// The file that the server logs to.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.home.log()
    }

    /// Kills the server, as a crash of its machine would.
    pub fn crash(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it again after a crash, where it was before.
    pub fn restart(&mut self) -> Result<()> {
        let account = Account::for_postgres();
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let start = launch(
                &self.options,
                &self.programs,
                &account,
                &self.home,
                self.port,
            )?;
            if let Start::Ready(process) = start {
                self.process = process;
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!("PostgreSQL could not start again after {START_LIMIT:?}");
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Shuts the server down: sessions are ended, data is written.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

fn url(password: &str, port: u16, database: &str) -> String {
    format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}")
}

fn launch(
    options: &PostgresOptions,
    programs: &PostgresPrograms,
    account: &Account,
    home: &Home,
    port: u16,
) -> Result<Start> {
    let log = home.log();
    let mut command = GuardedCommand::new(
        programs.folder().join("postgres"),
        StopSignal::Interrupt,
        STOP_LIMIT,
        home.leftover(),
    );
    let server = in_clean_environment(command.command(), home);
    server.arg("-D").arg(home.data());
    for (name, value) in [
        ("listen_addresses", "127.0.0.1"),
        ("port", &port.to_string()),
        ("unix_socket_directories", ""),
        ("logging_collector", "off"),
        ("lc_messages", "C"),
    ] {
        server.arg("-c").arg(format!("{name}={value}"));
    }
    if options.certificate().is_some() {
        server.args(["-c", "ssl=on"]);
        for (name, path) in [
            ("ssl_cert_file", home.certificate_file()),
            ("ssl_key_file", home.key_file()),
        ] {
            server.arg("-c").arg(format!("{name}={}", path.display()));
        }
    }
    for (name, value) in options.settings() {
        server.arg("-c").arg(format!("{name}={value}"));
    }
    account.apply(server);
    logs::write_to(server, &log)?;
    let process = command.spawn()?;
    let deadline = Instant::now() + START_LIMIT;
    loop {
        if Postmaster::read(home).is_some_and(|found| found.is_ready(process.pid(), port)) {
            return Ok(Start::Ready(process));
        }
        if let Some(status) = process.try_wait()? {
            let log = logs::tail(&log);
            if log.contains("Address already in use") {
                return Ok(Start::PortLost);
            }
            if log.contains("is still in use") {
                return Ok(Start::StillInUse);
            }
            bail!("PostgreSQL ended with {status} before it was ready:\n{log}");
        }
        if Instant::now() >= deadline {
            bail!(
                "PostgreSQL was not ready after {START_LIMIT:?}:\n{}",
                logs::tail(&log)
            );
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Keeps the caller's own `PostgreSQL` settings and language away from a server program.
fn in_clean_environment<'command>(
    command: &'command mut Command,
    home: &Home,
) -> &'command mut Command {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").current_dir(home.folder())
}

/// The programs, or a copy of them if the account cannot reach them where they are.
fn reachable(programs: PostgresPrograms, account: &Account) -> Result<PostgresPrograms> {
    if account.passes("-x", &programs.folder().join("postgres"))? {
        return Ok(programs);
    }
    let Some(original) = programs.folder().parent() else {
        bail!("{} is no folder of programs", programs.folder().display());
    };
    let copy = places::stand_in_for_workspace(account)?.join(format!(
        "postgres-{:016x}",
        places::fingerprint(original.as_os_str().as_encoded_bytes())
    ));
    if !copy.exists() {
        eprintln!(
            "PostgreSQL may not run as root, and its account cannot reach {}, so a copy is made in \
             {}",
            original.display(),
            copy.display()
        );
        copy_for_everybody(original, &copy)?;
    }
    Ok(programs.moved_to(copy.join("bin")))
}

fn copy_for_everybody(original: &Path, copy: &Path) -> Result<()> {
    let partial = copy.with_extension(format!("partial-{}", std::process::id()));
    for step in [
        Command::new("cp").arg("-RP").args([original, &partial]),
        Command::new("chmod").args(["-R", "a+rX"]).arg(&partial),
        Command::new("mv").args([&*partial, copy]),
    ] {
        let status = step.status()?;
        if !status.success() {
            bail!(
                "could not copy {} to {}",
                original.display(),
                copy.display()
            );
        }
    }
    Ok(())
}
