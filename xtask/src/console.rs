//! Output for people.
//!
//! Unlike `println!` it does not panic when the terminal or the reader of a pipe has gone, because
//! servers must still be stopped then.

use std::io::{self, Write as _};

/// Prints one line or more.
pub fn say(text: &str) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{text}").and_then(|()| output.flush());
}

/// Prints the heading of a step.
pub fn announce(step: &str) {
    say(&format!("==> {step}"));
}

/// Prints an error with its causes.
pub fn error(error: &anyhow::Error) {
    let _ = writeln!(io::stderr(), "error: {error:#}");
}
