//! What an error of the server means, by its SQLSTATE.
//!
//! Codes are known by their class (PostgreSQL's manual, appendix A), so that one that is not listed here
//! is treated like its neighbours.

use std::io;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::platform::error::{Reason, Refusal, RefusalKind, Unavailable};

/// What an error of the server means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The database cannot be used now, or not on this connection.
    Unavailable(Reason),
    /// The statement timeout passed.
    Canceled,
    /// The table does not take these values.
    Refused(Refusal),
    /// A bug in rollcall.
    Fault,
}

/// The routine of the server that finds that the result of a prepared statement has another type now.
const STALE_PLAN: &str = "RevalidateCachedQuery";

/// The routine in which RAISE of PL/pgSQL makes its errors, whatever their code.
const RAISE: &str = "exec_stmt_raise";

/// The routine in which `pg_trgm` compiles a regular expression. A timeout that passes meanwhile is reported as an error of
/// that expression.
const COMPILE: &str = "RE_compile";

/// The refusal that an error is, if it is one.
#[must_use]
pub fn refusal(error: &sqlx::Error) -> Option<Refusal> {
    match meaning(server_error(error)?) {
        Meaning::Refused(refusal) => Some(refusal),
        Meaning::Unavailable(_) | Meaning::Canceled | Meaning::Fault => None,
    }
}

/// The reason why `error` means that the database is unavailable, or `None` if it means something else.
pub(super) fn unavailable_reason(error: &sqlx::Error) -> Option<Reason> {
    match error {
        sqlx::Error::Io(error) => Some(match error.kind() {
            io::ErrorKind::ConnectionRefused => Reason::ConnectionRefused,
            io::ErrorKind::TimedOut => Reason::Timeout,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Reason::ConnectionLost,
            // The TLS library says so of a certificate that it does not accept.
            io::ErrorKind::InvalidData => Reason::TlsFailed,
            _ => Reason::Unreachable,
        }),
        sqlx::Error::Tls(_) => Some(Reason::TlsFailed),
        sqlx::Error::Protocol(_) => Some(Reason::ConnectionLost),
        _ => match meaning(server_error(error)?) {
            Meaning::Unavailable(reason) => Some(reason),
            Meaning::Canceled | Meaning::Refused(_) | Meaning::Fault => None,
        },
    }
}

/// What an error of connecting means.
pub(super) fn unavailable(error: sqlx::Error) -> Unavailable {
    let reason = unavailable_reason(&error).unwrap_or(Reason::Unreachable);
    Unavailable::new(reason, error)
}

/// The error of the server, if it is one.
pub(super) fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// Says what an error means.
pub(super) fn meaning(error: &PgDatabaseError) -> Meaning {
    let unavailable = Meaning::Unavailable;
    let refused = |kind| {
        Meaning::Refused(Refusal {
            kind,
            code: error.code().to_owned(),
            constraint: error.constraint().map(str::to_owned),
            column: error.column().map(str::to_owned),
            fields: Vec::new(),
        })
    };
    if error.routine() == Some(RAISE) {
        return refused(RefusalKind::Trigger);
    }
    let is_plan_stale = error.routine() == Some(STALE_PLAN);
    let ends_session = matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic);
    let code = error.code();
    match (code.get(..2).unwrap_or_default(), code) {
        (_, "57014") => Meaning::Canceled,
        (_, "2201B") if error.routine() == Some(COMPILE) => Meaning::Canceled,
        // The server is starting up or shutting down.
        (_, "57P03") => unavailable(Reason::ShuttingDown),
        (_, "53300") => unavailable(Reason::TooManyConnections),
        // 3D000 is a database that does not exist.
        ("28", _) | (_, "3D000") => unavailable(Reason::AuthenticationFailed),
        (_, "25006") => unavailable(Reason::ReadOnly),
        // The session has lost its prepared statements, or they no longer fit the table; 40003 is a
        // transaction of which the server itself does not know the end.
        (_, "26000" | "40003") => unavailable(Reason::ConnectionLost),
        (_, "0A000") if is_plan_stale => unavailable(Reason::ConnectionLost),
        // Deadlocks, conflicts with the recovery of a replica, and locks that were not to be had in time.
        ("40", _) | (_, "55P03" | "55006") => unavailable(Reason::Contention),
        _ if ends_session => unavailable(Reason::ConnectionLost),
        ("08" | "57", _) => unavailable(Reason::ConnectionLost),
        ("53" | "58", _) => unavailable(Reason::Unreachable),
        (_, "23502") => refused(RefusalKind::NotNull),
        (_, "23503" | "23001") => refused(RefusalKind::Reference),
        (_, "23505" | "23P01") => refused(RefusalKind::Unique),
        ("23" | "44", _) => refused(RefusalKind::Check),
        (_, "428C9") => refused(RefusalKind::Generated),
        (_, "55000") => refused(RefusalKind::Deferrable),
        ("22", _) => refused(RefusalKind::Type),
        ("09" | "27" | "38" | "39" | "P0", _) => refused(RefusalKind::Trigger),
        _ => Meaning::Fault,
    }
}
