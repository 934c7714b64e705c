//! What a gateway tells its client when the function gives no answer that it could pass on.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use super::{Gateway, Response};
use crate::invocation::Outcome;

impl Gateway {
    /// How long it waits for a function at most, as far as it has a limit of its own. A load balancer and
    /// a function URL wait as long as the function may run.
    #[must_use]
    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::HttpApi => Some(Duration::from_secs(30)),
            Self::RestApi => Some(Duration::from_secs(29)),
            Self::LoadBalancer | Self::FunctionUrl => None,
        }
    }

    /// What its client gets after that time.
    #[must_use]
    pub fn lost_patience(self) -> Response {
        match self {
            Self::RestApi => refusal(504, "Endpoint request timed out"),
            Self::LoadBalancer => refusal(504, "Gateway Timeout"),
            Self::HttpApi | Self::FunctionUrl => refusal(503, "Service Unavailable"),
        }
    }

    /// What its client gets for the outcome of an invocation.
    #[must_use]
    pub fn answer(self, outcome: &Outcome) -> Response {
        match outcome {
            Outcome::Response(event) => {
                Response::from_event(event).unwrap_or_else(|_| self.failed())
            }
            Outcome::Throttled => self.throttled(),
            Outcome::EventTooLarge => refusal(413, "Request Entity Too Large"),
            // For a gateway, a function that failed, ended, or was killed at its own timeout is the same.
            Outcome::Error { .. }
            | Outcome::TimedOut
            | Outcome::Crashed
            | Outcome::InitFailed { .. } => self.failed(),
        }
    }

    fn failed(self) -> Response {
        match self {
            Self::HttpApi => refusal(500, "Internal Server Error"),
            Self::RestApi => refusal(502, "Internal server error"),
            Self::LoadBalancer => refusal(502, "Bad Gateway"),
            Self::FunctionUrl => refusal(502, "Internal Server Error"),
        }
    }

    /// Only a function URL passes Lambda's own status on.
    fn throttled(self) -> Response {
        match self {
            Self::HttpApi => refusal(503, "Service Unavailable"),
            Self::RestApi => refusal(500, "Internal server error"),
            Self::LoadBalancer => refusal(502, "Bad Gateway"),
            Self::FunctionUrl => refusal(429, "Rate Exceeded."),
        }
    }
}

fn refusal(status: u16, message: &str) -> Response {
    let json = HeaderValue::from_static("application/json");
    Response {
        status,
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
        body: json!({ "message": message }).to_string().into_bytes(),
    }
}
