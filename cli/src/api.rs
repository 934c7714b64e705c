//! Requests to the API, repeated while it cannot answer them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::HeaderMap;
use ureq::{Agent, RequestBuilder};

use crate::bearer::Bearer;
use crate::failure::Failure;
use crate::output;

/// No gateway waits longer than this for a function.
const TIMEOUT: Duration = Duration::from_mins(6);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where replicas answer reads, the answer to a write names it, and a read that names it sees it.
const CONSISTENCY_TOKEN: &str = "x-consistency-token";

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How many details of an error are shown.
const MAX_DETAILS: usize = 5;

/// An answer may name every row of a batch.
const MAX_ANSWER_BYTES: u64 = 16 << 20;

/// An API and the rights to use it.
pub struct Api {
    agent: Agent,
    url: String,
    bearer: Bearer,
    retries: u32,
    /// The last write, which later reads shall see.
    written: Mutex<Option<String>>,
}

/// A request that does no harm when it is sent twice.
#[derive(Debug)]
pub struct Request<'a> {
    method: Method,
    path: &'a str,
    query: Vec<(&'a str, String)>,
    headers: Vec<(&'a str, String)>,
    body: Option<&'a [u8]>,
    is_public: bool,
}

/// What a request does.
#[derive(Debug, Clone, Copy)]
enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
    headers: HeaderMap,
}

/// The body of an error, from rollcall or from a gateway in front of it.
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    message: String,
}

impl<'a> Request<'a> {
    /// A GET.
    pub fn get(path: &'a str) -> Self {
        Self {
            method: Method::Get,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            is_public: false,
        }
    }

    /// A POST.
    pub fn post(path: &'a str, body: &'a [u8]) -> Self {
        Self {
            method: Method::Post,
            body: Some(body),
            ..Self::get(path)
        }
    }

    /// A PATCH by a merge patch.
    pub fn patch(path: &'a str, body: &'a [u8]) -> Self {
        let request = Self {
            method: Method::Patch,
            ..Self::post(path, body)
        };
        request.header("content-type", Some("application/merge-patch+json"))
    }

    /// A DELETE.
    pub fn delete(path: &'a str) -> Self {
        Self {
            method: Method::Delete,
            ..Self::get(path)
        }
    }

    /// Lets the API do it once, however often it is sent.
    pub fn once(self) -> Self {
        let key = format!(
            "\"cli-{:016x}{:016x}\"",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        self.header("idempotency-key", Some(key))
    }

    /// Sends no token.
    pub fn public(self) -> Self {
        Self {
            is_public: true,
            ..self
        }
    }

    /// Adds a query parameter, if it has a value.
    pub fn query(mut self, name: &'a str, value: Option<impl ToString>) -> Self {
        let value = value.map(|value| (name, value.to_string()));
        self.query.extend(value);
        self
    }

    /// Adds a header, if it has a value.
    pub fn header(mut self, name: &'a str, value: Option<impl Into<String>>) -> Self {
        let value = value.map(|value| (name, value.into()));
        self.headers.extend(value);
        self
    }
}

impl Api {
    /// The API at a URL.
    pub fn new(url: &str, bearer: Bearer, retries: u32) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.new_agent(),
            url: url.trim_end_matches('/').to_owned(),
            bearer,
            retries,
            written: Mutex::default(),
        }
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request until there is an answer to it.
    pub fn send(&self, request: &Request<'_>) -> Result<Response> {
        let mut pause = FIRST_PAUSE;
        let mut is_renewed = false;
        let mut retries = self.retries;
        loop {
            let (reason, wait) = match self.attempt(request)? {
                Ok(response) if response.status == 401 && !is_renewed && self.bearer.renew()? => {
                    is_renewed = true;
                    continue;
                }
                Ok(response) if response.is_temporary() => {
                    (response.describe(), response.retry_after())
                }
                Ok(response) => return Ok(response),
                Err(error) => (unreachable(&error), None),
            };
            if retries == 0 {
                return Err(Failure::Unavailable(reason).into());
            }
            retries -= 1;
            let jitter = pause.mul_f64(fastrand::f64() / 2.0);
            let wait = wait.unwrap_or_default().max(pause + jitter);
            let seconds = wait.as_secs_f64();
            output::note(&format!("{reason}; trying again in {seconds:.1} s"));
            thread::sleep(wait);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends a request once, and takes any answer.
    pub fn send_once(&self, request: &Request<'_>) -> Result<Response> {
        let answer = self.attempt(request)?;
        Ok(answer.map_err(|error| Failure::Unavailable(unreachable(&error)))?)
    }

    fn attempt(&self, request: &Request<'_>) -> Result<Result<Response, ureq::Error>> {
        let url = format!("{}{}", self.url, request.path);
        let authorization = if request.is_public {
            None
        } else {
            Some(format!("Bearer {}", self.bearer.token()?))
        };
        let written = self.written().clone();
        let headers = [
            ("authorization", authorization),
            (CONSISTENCY_TOKEN, written),
        ];
        let body = request.body.unwrap_or_default();
        let answer = match request.method {
            Method::Get => prepare(self.agent.get(url), request, &headers).call(),
            Method::Delete => prepare(self.agent.delete(url), request, &headers).call(),
            Method::Post => prepare(self.agent.post(url), request, &headers).send(body),
            Method::Patch => prepare(self.agent.patch(url), request, &headers).send(body),
        };
        let answer = answer.and_then(Response::read);
        if let Ok(response) = &answer
            && let Some(token) = response.header(CONSISTENCY_TOKEN)
        {
            *self.written() = Some(token.to_owned());
        }
        Ok(answer)
    }

    fn written(&self) -> MutexGuard<'_, Option<String>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the API calls the value of an option: the same as the command line.
pub fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

fn prepare<B>(
    mut builder: RequestBuilder<B>,
    request: &Request<'_>,
    headers: &[(&str, Option<String>)],
) -> RequestBuilder<B> {
    for (name, value) in &request.query {
        builder = builder.query(*name, value);
    }
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    for (name, value) in headers {
        if let Some(value) = value {
            builder = builder.header(*name, value);
        }
    }
    builder
}

fn unreachable(error: &ureq::Error) -> String {
    format!("the API cannot be reached: {error}")
}

impl Response {
    fn read(response: ureq::http::Response<ureq::Body>) -> Result<Self, ureq::Error> {
        let (head, mut body) = response.into_parts();
        let body = body.with_config().limit(MAX_ANSWER_BYTES);
        Ok(Self {
            status: head.status.as_u16(),
            text: body.read_to_string()?,
            headers: head.headers,
        })
    }

    /// A header, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// The body of a success; anything else is an error.
    pub fn success(&self) -> Result<&str> {
        if matches!(self.status, 200 | 201) {
            Ok(&self.text)
        } else {
            Err(self.refusal().into())
        }
    }

    /// The error for an answer that is not one of rollcall.
    pub fn foreign(&self) -> Failure {
        let status = self.status;
        let reason = format!("something other than rollcall answers {status}: is the URL right?");
        Failure::Unavailable(reason)
    }

    /// The same, read from JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.success()?).map_err(|_| self.foreign().into())
    }

    /// The error for a caller that needed another answer.
    pub fn refusal(&self) -> Failure {
        if matches!(self.status, 400..500) {
            Failure::Refused(self.describe())
        } else {
            Failure::Unavailable(self.describe())
        }
    }

    /// The field `error`, which says what kind of error it is.
    pub fn error_code(&self) -> String {
        self.error().error
    }

    fn is_temporary(&self) -> bool {
        matches!(self.status, 429 | 500 | 502 | 503 | 504)
            || (self.status == 409 && self.error_code() == "idempotency_in_progress")
    }

    fn error(&self) -> ErrorBody {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    fn describe(&self) -> String {
        let status = self.status;
        let body = self.error();
        if body.message.is_empty() {
            return format!("the API answers {status} without a message: is the URL right?");
        }
        let mut message = format!("the API answers {status}: {}", body.message);
        for detail in body.details.iter().take(MAX_DETAILS) {
            message = format!("{message}; {}", detail.message);
        }
        if body.request_id.is_empty() {
            return message;
        }
        format!("{message} (request {})", body.request_id)
    }
}
