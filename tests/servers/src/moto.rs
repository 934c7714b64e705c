//! A private stand-in for AWS Secrets Manager: moto's server.

use std::fs;

use anyhow::Result;

use crate::certificate::{Authority, ServerCertificate};
use crate::guard::GuardedCommand;
use crate::server::{self, Server};
use crate::tools::Toolbox;

/// A running Secrets Manager on 127.0.0.1, with nothing in it; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Moto {
    server: Server,
    scheme: &'static str,
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
        let scheme = certificate.map_or("http", |_| "https");
        let server = Server::start(|port, folder| {
            let mut command = GuardedCommand::new(tool.python()).temporary_folder(folder);
            tool.apply(command.command())
                .args(["-m", "moto.server", "-H", "127.0.0.1", "-p"])
                .arg(port.to_string())
                .env("PYTHONUNBUFFERED", "1")
                .current_dir(folder);
            if let Some(certificate) = certificate {
                fs::write(folder.join("server.crt"), &certificate.certificate)?;
                fs::write(folder.join("server.key"), &certificate.key)?;
                let files = ["--ssl-cert", "server.crt", "--ssl-key", "server.key"];
                command.command().args(files);
            }
            // It listens before it logs its address.
            let address = format!("{scheme}://127.0.0.1:{port}");
            let log = folder.join("server.log");
            server::start("moto's server", command, &log, |log| log.contains(&address))
        })?;
        Ok(Self { server, scheme })
    }

    /// What `AWS_ENDPOINT_URL` must be for an SDK to talk to it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.server.port)
    }
}
