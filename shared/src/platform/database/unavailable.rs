//! Why the database could not be used.

use std::{fmt, io};

use deadpool::managed::{PoolError, TimeoutType};

use super::sqlstate::{self, Meaning};

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
    source: Option<sqlx::Error>,
}

impl Unavailable {
    pub(super) fn new(reason: Reason, source: sqlx::Error) -> Self {
        Self {
            reason,
            source: Some(source),
        }
    }

    /// No answer in time.
    #[must_use]
    pub fn timeout() -> Self {
        Self {
            reason: Reason::Timeout,
            source: None,
        }
    }

    /// This environment is being shut down.
    pub(crate) fn shutting_down() -> Self {
        Self {
            reason: Reason::ShuttingDown,
            source: None,
        }
    }

    /// Others were in the way.
    pub(super) fn contention() -> Self {
        Self {
            reason: Reason::Contention,
            source: None,
        }
    }

    /// The same failure, seen while a transaction was being committed.
    pub(super) fn during_commit(self) -> Self {
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

    /// The reason why `error` means that the database is unavailable, or `None` if it means
    /// something else.
    pub(super) fn classify(error: &sqlx::Error) -> Option<Reason> {
        match error {
            sqlx::Error::Io(error) => Some(match error.kind() {
                io::ErrorKind::ConnectionRefused => Reason::ConnectionRefused,
                io::ErrorKind::TimedOut => Reason::Timeout,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => Reason::ConnectionLost,
                _ => Reason::Unreachable,
            }),
            sqlx::Error::Tls(_) => Some(Reason::TlsFailed),
            sqlx::Error::Protocol(_) => Some(Reason::ConnectionLost),
            _ => match sqlstate::meaning(sqlstate::server_error(error)?) {
                Meaning::Unavailable(reason) => Some(reason),
                Meaning::Canceled | Meaning::Refused(_) | Meaning::Fault => None,
            },
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason.as_str())
    }
}

impl std::error::Error for Unavailable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|error| error as &(dyn std::error::Error + 'static))
    }
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        Self::new(Self::classify(&error).unwrap_or(Reason::Unreachable), error)
    }
}

impl From<PoolError<sqlx::Error>> for Unavailable {
    fn from(error: PoolError<sqlx::Error>) -> Self {
        let reason = match error {
            PoolError::Backend(error) => return error.into(),
            PoolError::Timeout(TimeoutType::Wait) => Reason::PoolExhausted,
            PoolError::Closed => Reason::ShuttingDown,
            PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_) => Reason::Timeout,
        };
        Self {
            reason,
            source: None,
        }
    }
}
