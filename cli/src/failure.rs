//! How a command ends if it does not succeed.

use std::io::{self, ErrorKind};

use anyhow::Error;

/// The exit codes, for `--help` and the man page.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the answer is no: rows were rejected, the service is unhealthy, or you declined
  2  the arguments, the configuration or the file cannot be used
  3  the API refused the request
  4  the API could not be reached or could not answer";

/// A failure that scripts can tell from a wrong argument.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command did its work, and the answer is no.
    #[error("{0}")]
    Negative(String),
    /// The API refused the request.
    #[error("{0}")]
    Refused(String),
    /// The API could not be reached or could not answer.
    #[error("{0}")]
    Unavailable(String),
}

/// The exit code after an error. A reader that closes the pipe early, like `head`, has what it wants.
pub fn exit_code(error: &Error) -> u8 {
    match error.downcast_ref() {
        Some(Failure::Negative(_)) => 1,
        Some(Failure::Refused(_)) => 3,
        Some(Failure::Unavailable(_)) => 4,
        None if is_closed_pipe(error) => 0,
        None => 2,
    }
}

fn is_closed_pipe(error: &Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn an_exit_code_is_found_under_any_context() {
        let refused: anyhow::Result<()> = Err(Failure::Refused("no".to_owned()).into());
        let error = refused.context("the import stopped").unwrap_err();
        assert_eq!(exit_code(&error), 3);
        assert_eq!(format!("{error:#}"), "the import stopped: no");
        assert_eq!(exit_code(&anyhow!("a wrong argument")), 2);
        let closed = io::Error::from(ErrorKind::BrokenPipe);
        assert_eq!(exit_code(&closed.into()), 0);
    }
}
