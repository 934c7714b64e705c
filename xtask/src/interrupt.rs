//! Ctrl-C, SIGTERM and a closed terminal: everything that was started is stopped, in order.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::console;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on, signals stop all servers and end this program with `exit_code`.
///
/// This happens beside whatever the main thread does: most of that blocks and could not be
/// cancelled. A second signal does not wait any more; the servers' guards see to them then.
pub fn handle(runtime: &Runtime, exit_code: i32) -> Result<()> {
    let _inside = runtime.enter();
    let mut signals = Signals::install().context("could not listen for signals")?;
    runtime.spawn(async move {
        signals.next().await;
        INTERRUPTED.store(true, Ordering::SeqCst);
        console::say("\nstopping everything");
        let stopping = tokio::task::spawn_blocking(servers::guard::stop_all);
        tokio::select! {
            _ = stopping => console::say("stopped"),
            () = signals.next() => {}
        }
        process::exit(exit_code);
    });
    Ok(())
}

/// Does not return after a signal: what failed in the main thread failed because of that.
pub fn leave_it_to_the_handler() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        thread::park();
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
