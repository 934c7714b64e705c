//! The one connection of an environment, and when to leave the server alone.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::aio::MultiplexedConnection;
use tokio::sync::watch;

use super::{connector::Connector, failure::Failure};
use crate::platform::freeze_proof_instant::FreezeProofInstant;

/// How long the circuit breaker stays open: an environment does not ask a server that has failed. With 50 ms an attempt, a server
/// that hangs takes a hundredth of an environment's time.
pub const COOLDOWN: Duration = Duration::from_secs(5);

/// Whether a server is asked while the circuit breaker is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterFailure {
    Wait,
    Ask,
}

/// Numbers attempts, so that a late failure of an old connection does not close a new one.
pub(super) type Number = u64;

/// The connection, sooner or later.
pub(super) type Attempt = watch::Receiver<Option<Result<MultiplexedConnection, Failure>>>;

pub(super) struct Link {
    connector: Arc<Connector>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    number: Number,
    attempt: Option<Attempt>,
    open_since: Option<FreezeProofInstant>,
}

impl Link {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector: Arc::new(connector),
            state: Arc::default(),
        }
    }

    /// Begins to connect, in the background.
    pub(super) fn begin(&self) {
        self.latest_attempt(&mut lock(&self.state));
    }

    /// The connection, or what becomes one. Fails while the circuit breaker is open.
    pub(super) fn attempt(
        &self,
        after_failure: AfterFailure,
    ) -> Result<(Number, Attempt), Failure> {
        let mut state = lock(&self.state);
        if state.is_open() && after_failure == AfterFailure::Wait {
            return Err(Failure::cooling_down());
        }
        let attempt = self.latest_attempt(&mut state);
        Ok((state.number, attempt))
    }

    /// Closes a connection that broke, if it is still the one in use.
    pub(super) fn close(&self, number: Number) {
        let mut state = lock(&self.state);
        if state.number == number {
            state.attempt = None;
        }
    }

    /// Opens the circuit breaker. True if it was closed.
    ///
    /// An attempt to connect that is under way goes on, and closes the breaker when it succeeds.
    pub(super) fn open(&self, number: Number) -> bool {
        let mut state = lock(&self.state);
        if state.number != number {
            return false;
        }
        if !state.attempt.as_ref().is_some_and(is_under_way) {
            state.attempt = None;
        }
        let was_open = state.is_open();
        state.open_since = Some(FreezeProofInstant::now());
        !was_open
    }

    /// The attempt that is under way or has succeeded, else a new one.
    fn latest_attempt(&self, state: &mut State) -> Attempt {
        if let Some(attempt) = &state.attempt {
            let is_connected = matches!(&*attempt.borrow(), Some(Ok(_)));
            if is_connected || is_under_way(attempt) {
                return attempt.clone();
            }
        }
        let (sender, attempt) = watch::channel(None);
        let connector = Arc::clone(&self.connector);
        let shared = Arc::clone(&self.state);
        tokio::spawn(async move {
            let outcome = connector.connect().await;
            if outcome.is_ok() {
                lock(&shared).open_since = None;
            }
            // Nobody may wait for it any more.
            let _ = sender.send(Some(outcome));
        });
        state.number += 1;
        state.attempt = Some(attempt.clone());
        attempt
    }
}

impl State {
    fn is_open(&self) -> bool {
        self.open_since
            .is_some_and(|since| since.elapsed() < COOLDOWN)
    }
}

/// Waits for the end of an attempt.
pub(super) async fn connected(mut attempt: Attempt) -> Result<MultiplexedConnection, Failure> {
    let outcome = match attempt.wait_for(Option::is_some).await {
        Ok(outcome) => outcome.clone(),
        // The task that connects has come to an end without a result.
        Err(_) => None,
    };
    outcome.unwrap_or_else(|| Err(Failure::timeout()))
}

/// Whether there is neither a result yet nor an end of the task that works on it.
fn is_under_way(attempt: &Attempt) -> bool {
    attempt.borrow().is_none() && attempt.has_changed().is_ok()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
