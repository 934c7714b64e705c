//! Why the database could not be used.

use std::{error::Error, fmt};

/// The kinds of unavailability, a fixed set that may be shown to the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No answer in time.
    Timeout,
    /// Nobody listens at the address.
    ConnectionRefused,
    /// The server refused the user, the password or the database's name.
    AuthenticationFailed,
    /// The server has no connection left for us.
    TooManyConnections,
    /// All connections of this environment are at work.
    PoolExhausted,
    /// An open connection broke, or the session on it can no longer be used.
    ConnectionLost,
    /// The server, or the session, takes no changes: it is not the writer, or no longer.
    ReadOnly,
    /// An open connection broke while a transaction was being committed, and nobody can tell whether
    /// it was.
    CommitInDoubt,
    /// Other transactions were in the way, again and again.
    Contention,
    /// The server is starting up or shutting down, or this environment is.
    ShuttingDown,
    /// TLS could not be agreed on or verified.
    TlsFailed,
    /// Anything else on the way to the server, such as a name that does not resolve.
    Unreachable,
}

impl Reason {
    /// The sentence for callers.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::CommitInDoubt => {
                "The connection to the database broke during the commit: the change may or may not have been saved. A request with an Idempotency-Key can be repeated safely"
            }
            Self::Contention => {
                "Too many requests are changing the same users at the moment; try again shortly"
            }
            Self::ReadOnly => "The database is read-only at the moment; try again shortly",
            _ => "The database cannot be reached at the moment; try again shortly",
        }
    }

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ConnectionRefused => "connection_refused",
            Self::AuthenticationFailed => "authentication_failed",
            Self::TooManyConnections => "too_many_connections",
            Self::PoolExhausted => "pool_exhausted",
            Self::ConnectionLost => "connection_lost",
            Self::ReadOnly => "read_only",
            Self::CommitInDoubt => "commit_in_doubt",
            Self::Contention => "contention",
            Self::ShuttingDown => "shutting_down",
            Self::TlsFailed => "tls_failed",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A failure to use the database that trying again may cure.
#[derive(Debug)]
pub struct Unavailable {
    reason: Reason,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Unavailable {
    /// With its cause.
    pub fn new(reason: Reason, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            reason,
            source: Some(source.into()),
        }
    }

    /// Without a cause that would tell more.
    #[must_use]
    pub fn without_source(reason: Reason) -> Self {
        Self {
            reason,
            source: None,
        }
    }

    /// The same failure, seen while a transaction was being committed.
    #[must_use]
    pub fn during_commit(self) -> Self {
        Self {
            reason: Reason::CommitInDoubt,
            ..self
        }
    }

    /// The kind.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason.as_str())
    }
}

impl Error for Unavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
