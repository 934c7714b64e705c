//! Why the server was of no use.

use std::{error::Error as _, fmt, io, sync::Arc};

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::platform::error::Error;

/// The kinds of failure, a fixed set that may be shown to the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No answer in time.
    Timeout,
    /// Nobody listens at the address.
    ConnectionRefused,
    /// The server refused the user or the password, or there was none to be had.
    AuthenticationFailed,
    /// An open connection broke.
    ConnectionLost,
    /// TLS could not be agreed on or verified.
    TlsFailed,
    /// Anything else on the way to the server, such as a name that does not resolve.
    Unreachable,
    /// The server refused the command.
    Failed,
    /// The server failed a moment ago; the circuit breaker is open.
    CoolingDown,
}

impl Reason {
    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ConnectionRefused => "connection_refused",
            Self::AuthenticationFailed => "authentication_failed",
            Self::ConnectionLost => "connection_lost",
            Self::TlsFailed => "tls_failed",
            Self::Unreachable => "unreachable",
            Self::Failed => "failed",
            Self::CoolingDown => "cooling_down",
        }
    }
}

/// A command that was not carried out, or of which nobody knows.
#[derive(Debug, Clone)]
pub struct Failure {
    reason: Reason,
    source: Option<RedisError>,
}

impl Failure {
    pub(super) fn timeout() -> Self {
        Self::without_source(Reason::Timeout)
    }

    pub(super) fn cooling_down() -> Self {
        Self::without_source(Reason::CoolingDown)
    }

    pub(super) fn no_credentials(error: &Error) -> Self {
        tracing::warn!(
            error = crate::platform::error::chain(error),
            "the secret of the cache cannot be had"
        );
        Self::without_source(Reason::AuthenticationFailed)
    }

    fn without_source(reason: Reason) -> Self {
        Self {
            reason,
            source: None,
        }
    }

    /// The kind.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self {
            reason: reason(&error),
            source: Some(error),
        }
    }
}

fn reason(error: &RedisError) -> Reason {
    if error.is_timeout() {
        return Reason::Timeout;
    }
    if error.is_connection_refusal() {
        return Reason::ConnectionRefused;
    }
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => {
            Reason::AuthenticationFailed
        }
        ErrorKind::Server(_) | ErrorKind::Extension => match error.code() {
            Some("NOAUTH" | "WRONGPASS") => Reason::AuthenticationFailed,
            _ => Reason::Failed,
        },
        // rustls reports what it refuses as invalid data.
        _ if io_kind(error) == Some(io::ErrorKind::InvalidData) => Reason::TlsFailed,
        _ if error.is_connection_dropped() => Reason::ConnectionLost,
        ErrorKind::Io => Reason::Unreachable,
        _ => Reason::Failed,
    }
}

/// The driver shares its causes among copies of an error.
fn io_kind(error: &RedisError) -> Option<io::ErrorKind> {
    let cause = error
        .source()?
        .downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>()?;
    cause.downcast_ref::<io::Error>().map(io::Error::kind)
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason.as_str())
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|error| error as &(dyn std::error::Error + 'static))
    }
}
