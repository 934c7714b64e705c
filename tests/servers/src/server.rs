//! What all servers have in common: an account, a log, and the wait until one answers.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::guard::{GuardedCommand, GuardedProcess};
use crate::{places, ports};

pub(crate) const START_LIMIT: Duration = Duration::from_mins(1);
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);
const QUOTED_LINES: usize = 20;

/// What servers log when another program has taken the port, or when processes of a killed `PostgreSQL`
/// have not ended yet.
const REASONS_TO_TRY_AGAIN: [&str; 2] = ["Address already in use", "is still in use"];

/// A server that keeps nothing; it is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) process: Arc<GuardedProcess>,
    pub(crate) port: u16,
    // Deleted when this is dropped, which is after the process.
    pub(crate) folder: TempDir,
}

impl Server {
    /// Starts one on a free port, in an empty folder.
    pub(crate) fn start(
        start: impl Fn(u16, &Path) -> Result<Option<Arc<GuardedProcess>>>,
    ) -> Result<Self> {
        let folder = places::temporary_folder()?;
        let (process, port) = ports::on_free_port(|port| start(port, folder.path()))?;
        Ok(Self {
            process,
            port,
            folder,
        })
    }
}

/// A command for a program that refuses to run as root. If this program runs as root, it runs as `nobody`,
/// with the one capability that lets it use root's folders.
pub(crate) fn unprivileged(program: &Path) -> GuardedCommand {
    if !nix::unistd::geteuid().is_root() {
        return GuardedCommand::new(program);
    }
    let mut command = GuardedCommand::new("setpriv");
    command
        .command()
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .args(["--inh-caps=+dac_override", "--ambient-caps=+dac_override"])
        .arg(program);
    command
}

/// Starts a server that logs to `log`, and waits until it answers, which `answers` tells from the log or in
/// another way. Returns nothing if it is worth another try.
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
        let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
        if let Some(status) = status {
            if REASONS_TO_TRY_AGAIN
                .iter()
                .any(|reason| text.contains(reason))
            {
                return Ok(None);
            }
            bail!(
                "{name} ended with {status} before it was ready:\n{}",
                last_lines(&text)
            );
        }
        if answers(&text) {
            return Ok(Some(process));
        }
        if Instant::now() >= deadline {
            bail!(
                "{name} was not ready after {START_LIMIT:?}:\n{}",
                last_lines(&text)
            );
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

/// The end of a log, for an error message.
pub(crate) fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
}
