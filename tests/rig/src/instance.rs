//! One execution environment: a real child process and the handles that Lambda has on it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The number of an instance within its function, in order of start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub(crate) u32);

impl fmt::Display for InstanceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What Lambda leaves a process with extensions inside it between SIGTERM and SIGKILL.
const SHUTDOWN_TIME: Duration = Duration::from_millis(500);

/// How far an instance has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    Starting,
    Ready,
    Gone { status: String },
}

/// A handle on one process of a function.
pub struct Instance {
    id: InstanceId,
    pid: u32,
    group: Pid,
    spawned: Instant,
    phase: watch::Sender<Phase>,
    is_retired: AtomicBool,
    is_extended: AtomicBool,
    is_frozen: AtomicBool,
    init_duration: Mutex<Option<Duration>>,
    init_error: Mutex<Option<String>>,
    logs: Arc<Mutex<String>>,
}

impl Instance {
    /// Starts the process in a group of its own, so that a signal reaches its children too.
    pub(crate) fn spawn(
        id: InstanceId,
        binary: &Path,
        environment: &BTreeMap<String, String>,
    ) -> anyhow::Result<(Arc<Self>, Child)> {
        let spawned = Instant::now();
        let mut child = Command::new(binary)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let pid = child
            .id()
            .context("a process that has just started has an id")?;
        let logs = Arc::default();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(collect(stdout, Arc::clone(&logs)));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(collect(stderr, Arc::clone(&logs)));
        }
        let instance = Self {
            id,
            pid,
            group: Pid::from_raw(pid.try_into()?),
            spawned,
            phase: watch::Sender::new(Phase::Starting),
            is_retired: AtomicBool::default(),
            is_extended: AtomicBool::default(),
            is_frozen: AtomicBool::default(),
            init_duration: Mutex::default(),
            init_error: Mutex::default(),
            logs,
        };
        Ok((Arc::new(instance), child))
    }

    /// The number of this instance.
    #[must_use]
    pub fn id(&self) -> InstanceId {
        self.id
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the process still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !matches!(*self.phase.borrow(), Phase::Gone { .. })
    }

    /// Everything the process has written so far, both streams together.
    #[must_use]
    pub fn logs(&self) -> String {
        lock(&self.logs).clone()
    }

    /// Stops the process where it is, as Lambda does between invocations.
    pub fn freeze(&self) {
        self.is_frozen.store(true, Ordering::SeqCst);
        self.signal(Signal::SIGSTOP);
    }

    /// Lets a frozen process go on. An event for this instance does so too.
    pub fn thaw(&self) {
        self.is_frozen.store(false, Ordering::SeqCst);
        self.signal(Signal::SIGCONT);
    }

    /// Ends the process at once. A fresh instance takes its place.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Ends the process as Lambda does when it scales in, and no instance takes its place: with SIGTERM,
    /// and 500 ms later with SIGKILL, if it has registered an extension, and with SIGKILL at once if not.
    pub fn terminate(self: &Arc<Self>) {
        self.is_retired.store(true, Ordering::Relaxed);
        if !self.is_extended.load(Ordering::Relaxed) {
            self.kill();
            return;
        }
        self.signal(Signal::SIGTERM);
        self.thaw();
        let instance = Arc::clone(self);
        tokio::spawn(async move {
            if tokio::time::timeout(SHUTDOWN_TIME, instance.exited())
                .await
                .is_err()
            {
                instance.kill();
            }
        });
    }

    /// Waits for the end of the process.
    pub async fn exited(&self) {
        let mut phase = self.phase.subscribe();
        // An error means that the sender is gone, and it lives in `self`.
        let _ = phase
            .wait_for(|phase| matches!(phase, Phase::Gone { .. }))
            .await;
    }

    pub(crate) async fn started(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        phase
            .wait_for(|phase| *phase != Phase::Starting)
            .await
            .map_or(Phase::Starting, |phase| phase.clone())
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.is_frozen.load(Ordering::SeqCst)
    }

    /// Nothing is for an instance that has ended or was told to end.
    pub(crate) fn takes_events(&self) -> bool {
        self.is_alive() && !self.is_retired()
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }

    pub(crate) fn set_extended(&self) {
        self.is_extended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn set_ready(&self) {
        self.phase.send_if_modified(|phase| {
            let is_first = *phase == Phase::Starting;
            if is_first {
                *lock(&self.init_duration) = Some(self.spawned.elapsed());
                *phase = Phase::Ready;
            }
            is_first
        });
    }

    /// Marks the end; true when the process had come so far as to ask for work.
    pub(crate) fn set_gone(&self, status: String) -> bool {
        self.phase.send_replace(Phase::Gone { status }) == Phase::Ready
    }

    pub(crate) fn set_init_error(&self, message: String) {
        *lock(&self.init_error) = Some(message);
    }

    pub(crate) fn init_error(&self) -> Option<String> {
        lock(&self.init_error).clone()
    }

    pub(crate) fn take_init_duration(&self) -> Option<Duration> {
        lock(&self.init_duration).take()
    }

    fn signal(&self, signal: Signal) {
        if self.is_alive() {
            // The process may have ended a moment ago, and then there is nobody left to tell.
            let _ = killpg(self.group, signal);
        }
    }
}

async fn collect(stream: impl AsyncRead + Unpin, logs: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut logs = lock(&logs);
        logs.push_str(&line);
        logs.push('\n');
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
