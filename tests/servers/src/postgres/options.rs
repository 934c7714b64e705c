//! What kind of server to start.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use crate::certificate::{Authority, ServerCertificate};

/// A server's data folder and settings.
#[derive(Clone)]
pub struct PostgresOptions {
    folder: Option<PathBuf>,
    settings: Vec<(String, String)>,
    certificate: Option<Arc<ServerCertificate>>,
}

impl fmt::Debug for PostgresOptions {
    /// Leaves out the certificate, which has a private key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresOptions")
            .field("folder", &self.folder)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// For tests: an empty server whose data is deleted when it stops.
    ///
    /// Nothing is worth keeping after a crash, so nothing waits for the disk.
    #[must_use]
    pub fn temporary() -> Self {
        Self {
            folder: None,
            settings: Vec::new(),
            certificate: None,
        }
        .setting("fsync", "off")
        .setting("full_page_writes", "off")
        .setting("synchronous_commit", "off")
        .setting("max_connections", "400")
    }

    /// For development: the data stays in `folder` from one start to the next.
    ///
    /// If `PostgreSQL` cannot be run there, as may happen to root, another folder stands in for it.
    pub fn persistent(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: Some(folder.into()),
            settings: Vec::new(),
            certificate: None,
        }
        .setting("max_connections", "400")
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
        self.certificate = Some(Arc::new(authority.sign_server()?));
        Ok(self)
    }

    pub(super) fn certificate(&self) -> Option<&ServerCertificate> {
        self.certificate.as_deref()
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(super) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }
}
