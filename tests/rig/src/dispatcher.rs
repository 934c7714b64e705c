//! Decides which instance gets which event, and closes every invocation exactly once.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, oneshot};
use tokio::task::AbortHandle;

use crate::instance::{Instance, InstanceId};
use crate::invocation::{Invocation, Outcome};

/// An event that no instance has taken yet.
pub(crate) struct Pending {
    pub(crate) request_id: String,
    pub(crate) event: Vec<u8>,
    pub(crate) timeout: Duration,
    pub(crate) stated_deadline: Option<SystemTime>,
    pub(crate) submitted: Instant,
    pub(crate) answer: oneshot::Sender<Invocation>,
}

impl Pending {
    /// Answers an event that no instance is going to see.
    pub(crate) fn refuse(self, outcome: Outcome) {
        // A caller that has gone away does not need its answer.
        let _ = self.answer.send(Invocation {
            outcome,
            request_id: self.request_id,
            instance: None,
            duration: Duration::ZERO,
            queued: self.submitted.elapsed(),
            init_duration: None,
        });
    }
}

/// What an instance gets from `GET /invocation/next`.
pub(crate) struct Work {
    pub(crate) request_id: String,
    pub(crate) event: Vec<u8>,
    pub(crate) deadline: SystemTime,
}

struct Running {
    instance: Arc<Instance>,
    submitted: Instant,
    started: Instant,
    init_duration: Option<Duration>,
    answer: oneshot::Sender<Invocation>,
    deadline_timer: AbortHandle,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Pending>,
    running: HashMap<String, Running>,
}

/// The queue of a function and its invocations under way.
#[derive(Default)]
pub(crate) struct Dispatcher {
    state: Mutex<State>,
    /// Wakes the instance that has waited longest.
    queued: Notify,
}

impl Dispatcher {
    /// Queues an event for the next instance that asks for work. There is no limit.
    pub(crate) fn submit(&self, pending: Pending) {
        self.lock().queue.push_back(pending);
        self.queued.notify_one();
    }

    /// Waits for an event for this instance and starts the clock of the invocation.
    pub(crate) async fn next(self: &Arc<Self>, instance: &Arc<Instance>) -> Work {
        instance.set_ready();
        loop {
            // It waits from here on, so that no event comes between the look at the queue and the wait. When
            // it is dropped after it was woken, because the connection broke, the next one is woken.
            let mut woken = pin!(self.queued.notified());
            woken.as_mut().enable();
            {
                let mut state = self.lock();
                if instance.takes_events()
                    && let Some(pending) = state.queue.pop_front()
                {
                    return self.start(&mut state, pending, instance);
                }
            }
            woken.await;
            if !instance.takes_events() {
                self.queued.notify_one();
                return std::future::pending().await;
            }
        }
    }

    /// Closes an invocation; false when it is unknown or closed already.
    pub(crate) fn finish(&self, request_id: &str, outcome: Outcome) -> bool {
        let running = self.lock().running.remove(request_id);
        running.is_some_and(|running| {
            close(request_id.to_owned(), running, outcome);
            true
        })
    }

    /// Forgets a dead instance and closes what it was doing.
    pub(crate) fn instance_gone(&self, instance: InstanceId) {
        let mut state = self.lock();
        let lost: Vec<String> = state
            .running
            .iter()
            .filter(|(_, running)| running.instance.id() == instance)
            .map(|(request_id, _)| request_id.clone())
            .collect();
        for request_id in lost {
            if let Some(running) = state.running.remove(&request_id) {
                close(request_id, running, Outcome::Crashed);
            }
        }
    }

    pub(crate) fn has_queued(&self) -> bool {
        !self.lock().queue.is_empty()
    }

    /// How many events are waiting or being worked on.
    pub(crate) fn load(&self) -> usize {
        let state = self.lock();
        state.queue.len() + state.running.len()
    }

    /// Closes every event in the queue, because nobody is going to take it.
    pub(crate) fn fail_queued(&self, reason: &str) {
        for pending in std::mem::take(&mut self.lock().queue) {
            pending.refuse(Outcome::InitFailed {
                reason: reason.to_owned(),
            });
        }
    }

    fn start(
        self: &Arc<Self>,
        state: &mut State,
        pending: Pending,
        instance: &Arc<Instance>,
    ) -> Work {
        // Lambda thaws a frozen environment when it has an event for it.
        instance.thaw();
        let deadline = SystemTime::now() + pending.timeout;
        let expiry = {
            let dispatcher = Arc::clone(self);
            let request_id = pending.request_id.clone();
            let instance = Arc::clone(instance);
            tokio::spawn(async move {
                tokio::time::sleep(pending.timeout).await;
                instance.kill();
                dispatcher.finish(&request_id, Outcome::TimedOut);
            })
        };
        state.running.insert(
            pending.request_id.clone(),
            Running {
                instance: Arc::clone(instance),
                submitted: pending.submitted,
                started: Instant::now(),
                init_duration: instance.take_init_duration(),
                answer: pending.answer,
                deadline_timer: expiry.abort_handle(),
            },
        );
        Work {
            request_id: pending.request_id,
            event: pending.event,
            deadline: pending.stated_deadline.unwrap_or(deadline),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close(request_id: String, running: Running, outcome: Outcome) {
    running.deadline_timer.abort();
    // A caller that has gone away does not need its answer.
    let _ = running.answer.send(Invocation {
        outcome,
        request_id,
        instance: Some(running.instance.id()),
        duration: running.started.elapsed(),
        queued: running.started - running.submitted,
        init_duration: running.init_duration,
    });
}

/// A point in time as the Runtime API states it.
pub(crate) fn epoch_milliseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
}
