//! Decides which instance gets which event, and closes every invocation exactly once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::instance::{Instance, InstanceId};
use crate::invocation::{Invocation, Outcome};

/// An event that no instance has taken yet.
pub(crate) struct Pending {
    pub(crate) request_id: String,
    pub(crate) event: Vec<u8>,
    pub(crate) timeout: Duration,
    pub(crate) stated_deadline: Option<SystemTime>,
    pub(crate) instance: Option<InstanceId>,
    pub(crate) submitted: Instant,
    pub(crate) answer: oneshot::Sender<Invocation>,
}

impl Pending {
    /// Nothing is for an instance that was told to end.
    fn is_for(&self, instance: &Instance) -> bool {
        !instance.is_retired() && self.instance.is_none_or(|wanted| wanted == instance.id())
    }

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

struct Poll {
    instance: Arc<Instance>,
    give: oneshot::Sender<Pending>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Pending>,
    polls: VecDeque<Poll>,
    running: HashMap<String, Running>,
    /// Events that a poll was given and has not woken up to yet.
    given: usize,
}

/// The queue of a function and its invocations under way.
pub(crate) struct Dispatcher {
    state: Mutex<State>,
    kill_at_deadline: bool,
}

impl Dispatcher {
    pub(crate) fn new(kill_at_deadline: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            kill_at_deadline,
        })
    }

    /// Gives the event to the instance that has waited longest, or queues it. There is no limit.
    pub(crate) fn submit(&self, pending: Pending) {
        let mut state = self.lock();
        offer(&mut state, pending, VecDeque::push_back);
    }

    /// Waits for an event for this instance and starts the clock of the invocation.
    pub(crate) async fn next(self: &Arc<Self>, instance: &Arc<Instance>) -> Option<Work> {
        instance.set_ready();
        let mut ticket = {
            let mut state = self.lock();
            let queued = state
                .queue
                .iter()
                .position(|pending| pending.is_for(instance))
                .and_then(|position| state.queue.remove(position));
            if let Some(pending) = queued {
                return Some(self.start(&mut state, pending, instance));
            }
            let (give, take) = oneshot::channel();
            state.polls.push_back(Poll {
                instance: Arc::clone(instance),
                give,
            });
            Ticket {
                take,
                dispatcher: self,
            }
        };
        let pending = (&mut ticket.take).await.ok()?;
        let mut state = self.lock();
        state.given -= 1;
        Some(self.start(&mut state, pending, instance))
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
        state.polls.retain(|poll| poll.instance.id() != instance);
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
        state.queue.len() + state.running.len() + state.given
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
        let deadline = SystemTime::now() + pending.timeout;
        let expiry = {
            let dispatcher = Arc::clone(self);
            let request_id = pending.request_id.clone();
            let instance = Arc::clone(instance);
            tokio::spawn(async move {
                tokio::time::sleep(pending.timeout).await;
                dispatcher.expire(&request_id, &instance);
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

    fn expire(&self, request_id: &str, instance: &Instance) {
        if self.kill_at_deadline {
            instance.kill();
        }
        self.finish(request_id, Outcome::TimedOut);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiting poll. When the connection breaks after an event was given and before it was taken, the
/// event goes back to the head of the queue instead of getting lost.
struct Ticket<'a> {
    take: oneshot::Receiver<Pending>,
    dispatcher: &'a Dispatcher,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.take.close();
        if let Ok(pending) = self.take.try_recv() {
            let mut state = self.dispatcher.lock();
            state.given -= 1;
            offer(&mut state, pending, VecDeque::push_front);
        }
    }
}

fn offer(state: &mut State, mut pending: Pending, enqueue: fn(&mut VecDeque<Pending>, Pending)) {
    while let Some(position) = state
        .polls
        .iter()
        .position(|poll| pending.is_for(&poll.instance))
    {
        let Some(poll) = state.polls.remove(position) else {
            break;
        };
        match poll.give.send(pending) {
            Ok(()) => {
                // Lambda thaws a frozen environment when it has an event for it.
                poll.instance.thaw();
                state.given += 1;
                return;
            }
            Err(refused) => pending = refused,
        }
    }
    enqueue(&mut state.queue, pending);
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
