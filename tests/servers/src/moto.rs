//! A private stand-in for AWS Secrets Manager: moto's server.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tempfile::TempDir;

use crate::account::Account;
use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};
use crate::tools::Toolbox;
use crate::{http_probe, logs, places};

const START_LIMIT: Duration = Duration::from_mins(1);
const STOP_LIMIT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const ANNOUNCEMENT: &str = "Running on http://127.0.0.1:";

/// A running Secrets Manager on 127.0.0.1, with nothing in it.
#[derive(Debug)]
pub struct Moto {
    process: GuardedProcess,
    port: u16,
    // Deleted when this is dropped, which is after the process.
    _folder: TempDir,
}

impl Moto {
    /// Starts one, on a port that the system chooses.
    pub fn start() -> Result<Self> {
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
        logs::write_to(command.command(), &log)?;
        let process = command.spawn()?;
        let port = await_port(&process, &log)?;
        Ok(Self {
            process,
            port,
            _folder: folder,
        })
    }

    /// What `AWS_ENDPOINT_URL` must be for an SDK to talk to it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops the server.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}

fn await_port(process: &GuardedProcess, log: &Path) -> Result<u16> {
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
            && http_probe::status(port, "/moto-api/", None, Duration::from_secs(1)).ok()
                == Some(200)
        {
            return Ok(port);
        }
        if Instant::now() >= deadline {
            bail!("moto's server was not ready after {START_LIMIT:?}:\n{announced}");
        }
        thread::sleep(POLL_INTERVAL);
    }
}
