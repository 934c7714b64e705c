//! Requests to the service, repeated until it takes them.

use std::io::Write as _;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use ureq::Agent;
use ureq::http::Response;

use super::Arguments;
use super::batch::{Counts, Reason};
use crate::console;

const PATH: &str = "/api/v1/users/bulk";

/// No gateway waits longer than this for a function.
const TIMEOUT: Duration = Duration::from_mins(6);

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// An answer may name every row of a batch.
const MAX_ANSWER_BYTES: u64 = 16 << 20;

/// Sends batches.
pub(super) struct Client {
    agent: Agent,
    url: String,
    authorization: String,
    is_gzip: bool,
    retries: u32,
}

/// What the service says to a batch.
pub(super) enum Answer {
    /// It is imported, now or by an earlier request with this key.
    Done(Counts),
    /// It would be taken in smaller parts.
    TooLarge(String),
    /// Some of its rows are bad.
    Refused(Refusal),
}

/// Why a batch is refused.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    error: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) details: Vec<Reason>,
}

/// An attempt that is worth another.
struct Failure {
    reason: String,
    wait: Option<Duration>,
}

impl Client {
    pub(super) fn new(arguments: &Arguments) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self {
            agent: config.new_agent(),
            url: format!(
                "{}{PATH}?on_conflict={}",
                arguments.url.trim_end_matches('/'),
                arguments.on_conflict.name()
            ),
            authorization: format!("Bearer {}", arguments.token),
            is_gzip: arguments.gzip,
            retries: arguments.retries,
        }
    }

    /// Sends one batch under a key, so often until there is an answer to it.
    pub(super) fn post(&self, content_type: &str, key: &str, body: &[u8]) -> Result<Answer> {
        let compressed;
        let body = if self.is_gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder
                .write_all(body)
                .context("cannot compress the batch")?;
            compressed = encoder.finish().context("cannot compress the batch")?;
            &compressed
        } else {
            body
        };
        let mut pause = FIRST_PAUSE;
        for attempt in 0..=self.retries {
            match self.attempt(content_type, key, body)? {
                Ok(answer) => return Ok(answer),
                Err(failure) if attempt == self.retries => {
                    bail!(
                        "the service does not take a batch ({}); run the same command again to go \
                         on from here",
                        failure.reason
                    );
                }
                Err(Failure { reason, wait }) => {
                    let jitter = pause.mul_f64(fastrand::f64() / 2.0);
                    let wait = wait.unwrap_or_default().max(pause + jitter);
                    console::say(&format!(
                        "{reason}; trying again in {:.1} s",
                        wait.as_secs_f64()
                    ));
                    thread::sleep(wait);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        bail!("no attempt was made")
    }

    fn attempt(
        &self,
        content_type: &str,
        key: &str,
        body: &[u8],
    ) -> Result<Result<Answer, Failure>> {
        let mut request = self
            .agent
            .post(&self.url)
            .header("authorization", &self.authorization)
            .header("content-type", content_type)
            .header("prefer", "return=minimal")
            .header("idempotency-key", format!("\"{key}\""));
        if self.is_gzip {
            request = request.header("content-encoding", "gzip");
        }
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(error) => return Ok(Err(Failure::network(&error))),
        };
        let text = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string();
        match text {
            Ok(text) => judge(&response, &text),
            Err(error) => Ok(Err(Failure::network(&error))),
        }
    }
}

fn judge<B>(response: &Response<B>, text: &str) -> Result<Result<Answer, Failure>> {
    let status = response.status().as_u16();
    if let 200 | 201 = status {
        let counts = serde_json::from_str(text).context("the service gives no counts")?;
        return Ok(Ok(Answer::Done(counts)));
    }
    let refusal: Option<Refusal> = serde_json::from_str(text).ok();
    let code = refusal.as_ref().map_or("", |refusal| &refusal.error);
    match (status, code) {
        (429 | 500 | 502 | 503 | 504, _) | (409, "idempotency_in_progress") => {
            let wait = response.headers().get("retry-after");
            let wait = wait
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.parse().ok());
            return Ok(Err(Failure {
                reason: format!("the service answers {status} {code}"),
                wait: wait.map(Duration::from_secs),
            }));
        }
        _ => {}
    }
    let Some(refusal) = refusal else {
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        let what = if is_json { "other" } else { "no" };
        bail!("the service answers {status} with {what} JSON: is the URL right?");
    };
    match (status, refusal.error.as_str()) {
        (413, _) => Ok(Ok(Answer::TooLarge(refusal.message))),
        (409, "conflict") | (422, "validation_failed") | (400, _) => {
            Ok(Ok(Answer::Refused(refusal)))
        }
        _ => bail!("the service answers {status}: {}", refusal.message),
    }
}

impl Failure {
    fn network(error: &ureq::Error) -> Self {
        Self {
            reason: format!("the service cannot be reached: {error}"),
            wait: None,
        }
    }
}
