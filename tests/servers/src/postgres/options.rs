//! What kind of server to start.

use std::path::PathBuf;

use anyhow::Result;

use crate::certificate::{Authority, ServerCertificate};

/// A server's data directory and settings.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    pub(super) folder: Option<PathBuf>,
    pub(super) settings: Vec<(String, String)>,
    pub(super) certificate: Option<ServerCertificate>,
}

impl PostgresOptions {
    fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            settings: Vec::new(),
            certificate: None,
        }
        .setting("max_connections", "400")
    }

    /// For tests: an empty server whose data is deleted when it stops.
    ///
    /// Nothing is worth keeping after a crash, so nothing waits for the disk.
    #[must_use]
    pub fn temporary() -> Self {
        Self::new(None)
            .setting("fsync", "off")
            .setting("full_page_writes", "off")
            .setting("synchronous_commit", "off")
    }

    /// For development: the data stays in `folder` from one start to the next.
    pub fn persistent(folder: impl Into<PathBuf>) -> Self {
        Self::new(Some(folder.into()))
            .setting("shared_buffers", "256MB")
            .setting("max_wal_size", "4GB")
    }

    /// Adds a line of `postgresql.conf`; the last one of a name counts.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets clients use TLS, with a certificate that `authority` signs. Plain connections stay possible.
    pub fn with_tls(mut self, authority: &Authority) -> Result<Self> {
        self.certificate = Some(authority.sign_server()?);
        Ok(self)
    }
}
