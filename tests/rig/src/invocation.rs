//! What a caller asks of a function, and what came of it.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::instance::InstanceId;

/// One event on its way to a function.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) event: Value,
    pub(crate) timeout: Option<Duration>,
    pub(crate) stated_deadline: Option<SystemTime>,
}

impl Call {
    /// A call with the timeout of the function, for the first instance that is free.
    #[must_use]
    pub fn new(event: Value) -> Self {
        Self {
            event,
            timeout: None,
            stated_deadline: None,
        }
    }

    /// Gives this invocation another time to live than the function's own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Tells the function this deadline while the rig keeps to the true one. Local emulators do that.
    #[must_use]
    pub fn stated_deadline(mut self, deadline: SystemTime) -> Self {
        self.stated_deadline = Some(deadline);
        self
    }
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function answered with this JSON.
    Response(Value),
    /// The function reported an error instead of an answer.
    Error {
        /// The `errorType` of the report.
        error_type: String,
        /// The `errorMessage` of the report.
        message: String,
    },
    /// The deadline passed first.
    TimedOut,
    /// The process ended during the invocation.
    Crashed,
    /// All instances that may run were busy: Lambda's own answer is 429 `TooManyRequestsException`.
    Throttled,
    /// The event was larger than Lambda takes: its own answer is 413 `RequestTooLargeException`.
    EventTooLarge,
    /// No instance could start to take the event.
    InitFailed {
        /// What the instance said or how it ended.
        reason: String,
    },
}

/// The record of one finished invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// How it ended.
    pub outcome: Outcome,
    /// The id that the function saw.
    pub request_id: String,
    /// Who took the event; nobody when no instance could start.
    pub instance: Option<InstanceId>,
    /// From the hand-over to the answer, without the start.
    pub duration: Duration,
    /// How long the event waited for a free instance.
    pub queued: Duration,
    /// How long the instance needed to start, on the first invocation after its start.
    pub init_duration: Option<Duration>,
}

impl Invocation {
    /// The JSON the function answered with.
    ///
    /// # Panics
    ///
    /// If it did anything else than answer.
    #[must_use]
    pub fn into_response(self) -> Value {
        match self.outcome {
            Outcome::Response(response) => response,
            other => panic!("the function should have answered, but: {other:?}"),
        }
    }
}
