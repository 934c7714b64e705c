//! What a server says of itself in `postmaster.pid`, and whether that is still true.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::home::Home;

/// A server whose owner was killed is being stopped by its guard, which takes a moment.
const ABSENCE_LIMIT: Duration = Duration::from_secs(15);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The lines of the file that matter here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Postmaster {
    pid: i32,
    port: Option<u16>,
    status: String,
}

impl Postmaster {
    pub(super) fn read(home: &Home) -> Option<Self> {
        Self::parse(&fs::read_to_string(home.data().join("postmaster.pid")).ok()?)
    }

    /// Lines: process id, data folder, start time, port, socket folder, address, memory, status.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok()?,
            port: lines.get(3).and_then(|port| port.parse().ok()),
            status: lines.get(7).copied().unwrap_or_default().to_owned(),
        })
    }

    pub(super) fn is_ready(&self, pid: u32, port: u16) -> bool {
        i64::from(self.pid) == i64::from(pid) && self.port == Some(port) && self.status == "ready"
    }

    /// The port of a server that runs and takes connections.
    pub(super) fn ready_port(&self) -> Option<u16> {
        (self.status == "ready" && self.runs())
            .then_some(self.port)
            .flatten()
    }

    /// Waits until no server uses the data folder, and removes the trace of one that is long gone.
    pub(super) fn await_absence(home: &Home) -> Result<()> {
        let deadline = Instant::now() + ABSENCE_LIMIT;
        while let Some(found) = Self::read(home) {
            if !found.runs() {
                // The server would remove it by itself, but not if its number was given to
                // another process since, after a restart of the machine.
                let _ = fs::remove_file(home.data().join("postmaster.pid"));
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!(
                    "another PostgreSQL server (process {}) uses {}: stop the command that started \
                     it",
                    found.pid,
                    home.data().display()
                );
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Whether the process exists and is a `PostgreSQL` server.
    fn runs(&self) -> bool {
        if kill(Pid::from_raw(self.pid), None) == Err(Errno::ESRCH) {
            return false;
        }
        // A process without a name must be taken for what the file says that it is.
        process_name(self.pid).is_none_or(|name| name.contains("postgres"))
    }
}

/// Linux tells it in a file, where slim images have no `ps`; macOS has a `ps` and no such file.
fn process_name(pid: i32) -> Option<String> {
    if cfg!(target_os = "linux") {
        return fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    }
    let mut ps = Command::new("ps");
    let output = ps.args(["-o", "comm=", "-p", &pid.to_string()]).output();
    Some(String::from_utf8_lossy(&output.ok()?.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: &str = "8697\n/tmp/data\n1795450402\n54999\n\n127.0.0.1\n 10233439 4\nready   \n";

    #[test]
    fn a_server_is_ready_only_for_its_own_process_and_port() {
        let found = Postmaster::parse(READY).unwrap();

        assert!(found.is_ready(8697, 54999));
        assert!(!found.is_ready(8698, 54999));
        assert!(!found.is_ready(8697, 55000));
    }

    #[test]
    fn a_file_that_is_still_being_written_is_not_ready() {
        for length in 0..READY.len() - 8 {
            let ready = Postmaster::parse(&READY[..length])
                .is_some_and(|found| found.is_ready(8697, 54999));
            assert!(!ready, "the first {length} bytes");
        }
    }

    #[test]
    fn a_process_of_another_kind_is_not_taken_for_a_server() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let reused = Postmaster {
            pid,
            port: Some(1),
            status: "ready".to_owned(),
        };

        assert_eq!(reused.ready_port(), None);
    }
}
