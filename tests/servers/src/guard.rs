//! Processes that end with the process that started them, even when that one is killed outright.
//!
//! A destructor does not run under SIGKILL, so a small shell script (`guard.sh`) watches a pipe that
//! this process alone holds: when the pipe ends, the script stops the program. The program runs in a
//! process group of its own, so that Ctrl-C in a terminal reaches only this process, which stops
//! everything in order.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

const WATCHER: &str = include_str!("guard.sh");
/// Waits for a line before it turns into the program, so that the watcher is there first.
const STARTER: &str = "read -r _ || exit 1; exec \"$@\" </dev/null";
/// What Ctrl-C sends, and what shuts down `PostgreSQL` without waiting for its clients.
const STOP: Signal = Signal::SIGINT;
const STOP_LIMIT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

static RUNNING: Mutex<Vec<Weak<GuardedProcess>>> = Mutex::new(Vec::new());
static STOPPING_ALL: AtomicBool = AtomicBool::new(false);

/// A program to be started under guard.
#[derive(Debug)]
pub struct GuardedCommand {
    command: Command,
    program: PathBuf,
    stop_limit: Duration,
    temporary_folder: Option<PathBuf>,
}

impl GuardedCommand {
    /// Prepares `program`, which may take 10 s to stop before it is killed.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", STARTER, "starter"]).arg(&program);
        Self {
            command,
            program: PathBuf::from(program.as_ref()),
            stop_limit: STOP_LIMIT,
            temporary_folder: None,
        }
    }

    /// Gives the program another time to stop.
    #[must_use]
    pub fn stop_limit(mut self, limit: Duration) -> Self {
        self.stop_limit = limit;
        self
    }

    /// Names a folder that the caller deletes when the program has ended, and that the guard deletes when
    /// the caller cannot any more.
    #[must_use]
    pub fn temporary_folder(mut self, folder: &Path) -> Self {
        self.temporary_folder = Some(folder.to_path_buf());
        self
    }

    /// The command to add arguments, environment and output files to.
    ///
    /// Its standard input and its process group belong to the guard.
    pub fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Starts the program.
    pub fn spawn(mut self) -> Result<Arc<GuardedProcess>> {
        // The list stays locked until the new process is on it: a process that is started while
        // `stop_all` runs would otherwise be missed.
        let mut running = lock(&RUNNING);
        let program = self.program.display();
        if STOPPING_ALL.load(Ordering::SeqCst) {
            bail!("everything is being stopped, so {program} is not started");
        }
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {program}"))?;
        // If anything fails from here on, the end of one of the two pipes ends the program.
        let start = child.stdin.take();
        let watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "watcher", &child.id().to_string()])
            .arg((self.stop_limit.as_millis() / 100).to_string())
            .args(&self.temporary_folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("could not start the watcher of a program")?;
        if let Some(mut start) = start {
            start
                .write_all(b"start\n")
                .with_context(|| format!("{program} ended at once"))?;
        }
        let process = Arc::new(GuardedProcess {
            pid: child.id(),
            stop_limit: self.stop_limit,
            temporary_folder: self.temporary_folder,
            state: Mutex::new(State {
                child,
                watcher,
                status: None,
            }),
        });
        running.retain(|process| process.strong_count() > 0);
        running.push(Arc::downgrade(&process));
        Ok(process)
    }

    /// Runs the program to its end.
    pub fn run(self) -> Result<ExitStatus> {
        self.spawn()?.wait()
    }
}

/// A running program; it is stopped when this is dropped, and when this process ends in any way.
#[derive(Debug)]
pub struct GuardedProcess {
    pid: u32,
    stop_limit: Duration,
    temporary_folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    child: Child,
    /// Its standard input is the pipe whose end stops the program.
    watcher: Child,
    status: Option<ExitStatus>,
}

impl GuardedProcess {
    /// The process id of the program, which is also its process group.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The exit status, if the program has ended by itself or was stopped.
    pub fn try_wait(&self) -> Result<Option<ExitStatus>> {
        let state = &mut *lock(&self.state);
        if state.status.is_none() {
            state.status = state.child.try_wait().context("could not wait")?;
            if state.status.is_some() {
                // The program may have left other processes in its group.
                self.signal(Signal::SIGKILL);
                if let Some(mut pipe) = state.watcher.stdin.take() {
                    let _ = pipe.write_all(b"ended\n");
                }
                let _ = state.watcher.wait();
            }
        }
        Ok(state.status)
    }

    /// Waits until the program ends.
    pub fn wait(&self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Kills the program at once, as a crash would, and waits for its end.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::SIGKILL);
        self.wait().map(drop)
    }

    /// Asks the program to stop, waits, and kills it when it takes too long.
    pub fn stop(&self) -> Result<()> {
        if self.try_wait()?.is_none() {
            self.signal(STOP);
        }
        let deadline = Instant::now() + self.stop_limit;
        while self.try_wait()?.is_none() {
            if Instant::now() >= deadline {
                self.signal(Signal::SIGKILL);
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Sends a signal to the whole group, which may be gone already.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Ok(group) = i32::try_from(self.pid) {
            let _ = killpg(Pid::from_raw(group), signal);
        }
    }
}

impl Drop for GuardedProcess {
    fn drop(&mut self) {
        // There is nobody to report to here, and the end of the pipe makes the watcher try again.
        let _ = self.stop();
    }
}

/// Stops every guarded process of this program, the youngest first, and lets no new one start.
///
/// It is meant for a signal handler's thread that ends the program right afterwards.
pub fn stop_all() {
    let running: Vec<_> = {
        let mut running = lock(&RUNNING);
        STOPPING_ALL.store(true, Ordering::SeqCst);
        running.drain(..).collect()
    };
    for process in running.iter().rev().filter_map(Weak::upgrade) {
        // One that cannot be stopped must not keep the others alive.
        let _ = process.stop();
        // The destructor that deletes it will not run any more.
        if let Some(folder) = &process.temporary_folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// A poisoned lock only means that another thread panicked; the processes must still be stopped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
