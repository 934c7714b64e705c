//! A private stand-in for AWS Secrets Manager: moto's server.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tempfile::TempDir;

use crate::account::Account;
use crate::certificate::{Authority, ServerCertificate};
use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};
use crate::tools::Toolbox;
use crate::{http_probe, logs, places};

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const ANNOUNCEMENT: &str = "://127.0.0.1:";

/// A running Secrets Manager on 127.0.0.1, with nothing in it.
#[derive(Debug)]
pub struct Moto {
    process: GuardedProcess,
    port: u16,
    scheme: &'static str,
    // Deleted when this is dropped, which is after the process.
    _folder: TempDir,
}

impl Moto {
    /// Starts one, on a port that the system chooses.
    pub fn start() -> Result<Self> {
        Self::launch(None)
    }

    /// Starts one that speaks https, with a certificate that `authority` signs.
    pub fn start_with_tls(authority: &Authority) -> Result<Self> {
        Self::launch(Some(&authority.sign_server()?))
    }

    fn launch(certificate: Option<&ServerCertificate>) -> Result<Self> {
        let tool = Toolbox::of_workspace().moto()?;
        let folder = places::new_temporary_folder(&Account::Own)?;
        let log = folder.path().join("server.log");
        let mut command = GuardedCommand::new(
            tool.python(),
            StopSignal::Interrupt,
            STOP_LIMIT,
            Some(folder.path()),
        );
        tool.apply(command.command())
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .current_dir(folder.path());
        if let Some(certificate) = certificate {
            for (option, name, text) in [
                ("--ssl-cert", "server.crt", &certificate.certificate),
                ("--ssl-key", "server.key", &certificate.key),
            ] {
                let path = folder.path().join(name);
                fs::write(&path, text)?;
                command.command().arg(option).arg(path);
            }
        }
        logs::write_to(command.command(), &log)?;
        let process = command.spawn()?;
        let port = await_port(&process, &log, certificate.is_none())?;
        Ok(Self {
            process,
            port,
            scheme: certificate.map_or("http", |_| "https"),
            _folder: folder,
        })
    }

    /// What `AWS_ENDPOINT_URL` must be for an SDK to talk to it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Stops the server.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

/// The port, once the server answers there. One that speaks https listens before it says so.
fn await_port(process: &GuardedProcess, log: &Path, is_plain: bool) -> Result<u16> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let announced = logs::read(log);
        if let Some(status) = process.try_wait()? {
            bail!("moto's server ended with {status} before it was ready:\n{announced}");
        }
        let port = announced
            .split_once(ANNOUNCEMENT)
            .and_then(|(_, rest)| rest.lines().next())
            .and_then(|port| port.trim().parse().ok());
        if let Some(port) = port
            && (!is_plain
                || http_probe::status(port, "/moto-api/", None, Duration::from_secs(1)).ok()
                    == Some(200))
        {
            return Ok(port);
        }
        if Instant::now() >= deadline {
            bail!("moto's server was not ready after {START_LIMIT:?}:\n{announced}");
        }
        thread::sleep(POLL_INTERVAL);
    }
}
