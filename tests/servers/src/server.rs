//! What all servers have in common: an account, a log, and the wait until one answers.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::guard::{GuardedCommand, GuardedProcess, StopSignal};

pub(crate) const START_LIMIT: Duration = Duration::from_mins(1);
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);
const QUOTED_LINES: usize = 20;

/// What servers log when another program has taken the port, or when processes of a killed `PostgreSQL`
/// have not ended yet.
const REASONS_TO_TRY_AGAIN: [&str; 2] = ["Address already in use", "is still in use"];

/// A command for a program that refuses to run as root. If this program runs as root, it runs as `nobody`,
/// with the one capability that lets it use root's folders.
pub(crate) fn unprivileged(
    program: &Path,
    stop_signal: StopSignal,
    stop_limit: Duration,
    temporary_folder: Option<&Path>,
) -> GuardedCommand {
    if !nix::unistd::geteuid().is_root() {
        return GuardedCommand::new(program, stop_signal, stop_limit, temporary_folder);
    }
    let mut command = GuardedCommand::new("setpriv", stop_signal, stop_limit, temporary_folder);
    command
        .command()
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"])
        .arg(program);
    command
}

/// Starts a server that logs to `log`, and waits until it answers. Returns nothing if it is worth another
/// try. `answers` is given the log.
pub(crate) fn start(
    name: &str,
    mut command: GuardedCommand,
    log: &Path,
    answers: impl Fn(&str) -> bool,
) -> Result<Option<Arc<GuardedProcess>>> {
    log_to(&mut command, log)?;
    let process = command.spawn()?;
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let status = process.try_wait()?;
        if status.is_none() && answers(&read_log(log)) {
            return Ok(Some(process));
        }
        if let Some(status) = status {
            let log = last_lines(log);
            if REASONS_TO_TRY_AGAIN.iter().any(|text| log.contains(text)) {
                return Ok(None);
            }
            bail!("{name} ended with {status} before it was ready:\n{log}");
        }
        if Instant::now() >= deadline {
            let log = last_lines(log);
            bail!("{name} was not ready after {START_LIMIT:?}:\n{log}");
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Sends both outputs of a command to a new file.
pub(crate) fn log_to(command: &mut GuardedCommand, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("could not create {}", log.display()))?;
    command.command().stdout(file.try_clone()?).stderr(file);
    Ok(())
}

/// The whole log, as far as it can be read.
pub(crate) fn read_log(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The end of a log, for an error message.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = read_log(log);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
}
