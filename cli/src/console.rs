//! Output for people. Unlike `println!` it does not panic when the reader of a pipe has gone.

use std::io::{self, Write as _};

/// Prints one line or more.
pub fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints an error with its causes.
pub fn error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr(), "error: {error:#}");
}
