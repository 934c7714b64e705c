//! A private stand-in for AWS Secrets Manager: moto's server.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use crate::certificate::{Authority, ServerCertificate};
use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};
use crate::tools::Toolbox;
use crate::{places, ports, server};

const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A running Secrets Manager on 127.0.0.1, with nothing in it; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Moto {
    process: Arc<GuardedProcess>,
    endpoint: String,
    // Deleted when this is dropped, which is after the process.
    _folder: TempDir,
}

impl Moto {
    /// Starts one.
    pub fn start() -> Result<Self> {
        Self::start_with(None)
    }

    /// Starts one that speaks https, with a certificate that `authority` signs.
    pub fn start_with_tls(authority: &Authority) -> Result<Self> {
        Self::start_with(Some(&authority.sign_server()?))
    }

    fn start_with(certificate: Option<&ServerCertificate>) -> Result<Self> {
        let tool = Toolbox::of_workspace().python("moto")?;
        let folder = places::temporary_folder()?;
        let path = folder.path();
        let scheme = certificate.map_or("http", |_| "https");
        if let Some(certificate) = certificate {
            fs::write(path.join("server.crt"), &certificate.certificate)?;
            fs::write(path.join("server.key"), &certificate.key)?;
        }
        let (process, endpoint) = ports::on_free_port(|port| {
            let endpoint = format!("{scheme}://127.0.0.1:{port}");
            let mut command =
                GuardedCommand::new(tool.python(), StopSignal::Interrupt, STOP_LIMIT, Some(path));
            tool.apply(command.command())
                .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
                .arg(port.to_string())
                .env("PYTHONUNBUFFERED", "1")
                .current_dir(path);
            if certificate.is_some() {
                let files = ["--ssl-cert", "server.crt", "--ssl-key", "server.key"];
                command.command().args(files);
            }
            let log = path.join("server.log");
            // It listens before it logs its address.
            let process = server::start("moto's server", command, &log, |log| {
                log.contains(&endpoint)
            })?;
            Ok(process.map(|process| (process, endpoint)))
        })?;
        Ok(Self {
            process,
            endpoint,
            _folder: folder,
        })
    }

    /// What `AWS_ENDPOINT_URL` must be for an SDK to talk to it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// Stops the server.
    pub fn stop(self) -> Result<()> {
        self.process.stop()
    }
}
