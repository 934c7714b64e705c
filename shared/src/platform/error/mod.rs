//! The one error type, with a half for the caller and a half for the log.
//!
//! Variants are named after what the caller can do. [`Error::public`] is the only place that gives
//! an error a status, a code and a text; causes stay in `source()` and are logged once, by
//! [`crate::platform::function`].

mod details;
mod public;
mod refusal;
mod unavailable;

use lambda_http::http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use self::public::{
    RETRY_AFTER_SECONDS, counted, invalid_request, precondition_failed, rate_limited,
    refused_by_table, unavailable,
};
pub use self::{
    details::{Detail, Details},
    public::Public,
    refusal::{Refusal, RefusalKind},
    unavailable::{Reason, Unavailable},
};

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be understood; the caller must change it.
    #[error("invalid request: {message}")]
    InvalidRequest {
        /// For people: what is wrong and what is allowed.
        message: String,
        /// What is wrong with rows beside it.
        details: Details,
    },
    /// No token, or none that can be trusted.
    #[error("unauthorized: {reason}")]
    Unauthorized {
        /// For the log only: telling a caller which check failed helps nobody but an attacker.
        reason: &'static str,
    },
    /// A user who is known, but not a superuser.
    #[error("forbidden: the caller is not a superuser")]
    Forbidden,
    /// The deployment is set up not to do it.
    #[error("not configured: {code}")]
    NotConfigured {
        /// A stable word for programs.
        code: &'static str,
        /// For people: which setting it is.
        message: &'static str,
    },
    /// No route has this path, or there is nothing of this name.
    #[error("not found: {message}")]
    NotFound {
        /// For people: what there is not.
        message: &'static str,
    },
    /// The route exists, with other methods.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The value of the `Allow` header.
        allow: HeaderValue,
    },
    /// Stored rows are in the way.
    #[error("conflict with {} stored values", details.total())]
    Conflict {
        /// Every row and field that conflicts.
        details: Details,
    },
    /// What there is now does not allow it.
    #[error("not possible now: {code}")]
    NotPossible {
        /// A stable word for programs.
        code: &'static str,
        /// For people: why not, and what to do.
        message: &'static str,
        /// What is in the way, under this name in the answer.
        more: Option<(&'static str, Value)>,
    },
    /// What is to be changed is not as `If-Match` says.
    #[error("precondition failed")]
    PreconditionFailed {
        /// What it is now.
        current: Value,
        /// The tag that it has now.
        etag: HeaderValue,
    },
    /// A request with the same Idempotency-Key is being worked on.
    #[error("a request with this Idempotency-Key is in progress")]
    IdempotencyInProgress,
    /// The Idempotency-Key was used for another request.
    #[error("the Idempotency-Key belongs to another request")]
    IdempotencyMismatch,
    /// More than one request may carry.
    #[error("too large: {message}")]
    TooLarge {
        /// For people: the limit that applied.
        message: String,
    },
    /// The body is in a format that this route does not read.
    #[error("unsupported media type")]
    UnsupportedMediaType {
        /// For people: the formats that it reads.
        message: String,
    },
    /// The body is well-formed, but its rows break rules.
    #[error("{} validation failures", details.total())]
    ValidationFailed {
        /// Every rule broken.
        details: Details,
    },
    /// The caller has sent too many requests.
    #[error("rate limited")]
    RateLimited {
        /// After how many seconds the next one will be admitted.
        retry_after_seconds: u64,
    },
    /// The database cannot be reached or will not take more work. Trying again later may help.
    #[error("database unavailable")]
    DatabaseUnavailable(#[source] Unavailable),
    /// The table has rules of its own, and one of them refuses what was to be written. Nothing was.
    #[error("refused by the table: {0}")]
    RefusedByTable(Refusal),
    /// One of the three refusals of what was to be written, in the words of the endpoint.
    #[error("nothing was {done}: {refusal}")]
    NothingDone {
        /// What it would have done: "imported".
        done: &'static str,
        /// Why not.
        refusal: Box<Error>,
    },
    /// The deadline passed; whatever was begun has been stopped.
    #[error("request exceeded {seconds} s")]
    Timeout {
        /// The whole budget of the request.
        seconds: f64,
    },
    /// A bug in rollcall.
    #[error("{operation} failed")]
    Internal {
        /// What was being done.
        operation: &'static str,
        /// The cause, for the log only.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// An [`Error::InvalidRequest`].
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::InvalidRequest {
            message: message.into(),
            details: Details::default(),
        }
    }

    /// An [`Error::Internal`]. `operation` is a noun phrase, such as "parsing the secret".
    pub fn internal(
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal {
            operation,
            source: source.into(),
        }
    }

    /// The same, but a refusal of what was to be written says first that nothing was `done`.
    #[must_use]
    pub fn nothing_was(self, done: &'static str) -> Self {
        match self {
            Self::Conflict { .. } | Self::ValidationFailed { .. } | Self::RefusedByTable(_) => {
                Self::NothingDone {
                    done,
                    refusal: Box::new(self),
                }
            }
            other => other,
        }
    }

    /// What the caller gets to see.
    #[must_use]
    pub fn public(&self) -> Public<'_> {
        match self {
            Self::InvalidRequest { message, details } => invalid_request(message, details),
            Self::Unauthorized { .. } => Public::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "A valid bearer token of an active user is required",
            )
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Forbidden => Public::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                "Only superusers may do this",
            ),
            Self::NotConfigured { code, message } => {
                Public::new(StatusCode::FORBIDDEN, code, *message)
            }
            Self::NotFound { message } => {
                Public::new(StatusCode::NOT_FOUND, "not_found", *message)
            }
            Self::MethodNotAllowed { allow } => Public::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path does not support this method; see the Allow header",
            )
            .with_header(header::ALLOW, allow.clone()),
            Self::Conflict { details } => Public::new(
                StatusCode::CONFLICT,
                "conflict",
                format!(
                    "{} already in use, {}",
                    counted(details.total(), "value is", "values are"),
                    details.location()
                ),
            )
            .with_details(details.listed()),
            Self::NotPossible {
                code,
                message,
                more,
            } => Public {
                more: more.as_ref().map(|(name, value)| (*name, value)),
                ..Public::new(StatusCode::CONFLICT, code, *message)
            },
            Self::PreconditionFailed { current, etag } => precondition_failed(current, etag),
            Self::IdempotencyInProgress => Public::new(
                StatusCode::CONFLICT,
                "idempotency_in_progress",
                "A request with this Idempotency-Key is still in progress; send it again shortly to get its response",
            )
            .with_header(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS)),
            Self::IdempotencyMismatch => Public::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "This Idempotency-Key was used for a request with another body or other options",
            ),
            Self::TooLarge { message } => {
                Public::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            Self::UnsupportedMediaType { message } => Public::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                message,
            ),
            Self::ValidationFailed { details } => Public::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "validation_failed",
                format!(
                    "{} found, {}",
                    counted(details.total(), "error", "errors"),
                    details.location()
                ),
            )
            .with_details(details.listed()),
            Self::RateLimited {
                retry_after_seconds,
            } => rate_limited(*retry_after_seconds),
            Self::DatabaseUnavailable(cause) => unavailable(cause),
            Self::RefusedByTable(refusal) => refused_by_table(refusal),
            Self::NothingDone { done, refusal } => {
                let public = refusal.public();
                Public {
                    message: format!("Nothing was {done}: {}", public.message),
                    ..public
                }
            }
            Self::Timeout { seconds } => Public::new(
                StatusCode::GATEWAY_TIMEOUT,
                "request_timeout",
                format!("Request exceeded {seconds}s timeout"),
            ),
            Self::Internal { .. } => Public::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on our side; the request id helps us find it",
            ),
        }
    }
}

/// An error and its causes in one line, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_never_reach_the_public_half() {
        let cause = "relation \"users\" does not exist at db.internal:5432";
        let error = Error::internal("listing users", cause);
        let public = error.public();
        assert_eq!(public.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!public.message.contains("users"), "{}", public.message);
    }

    #[test]
    fn a_timeout_names_the_whole_budget() {
        assert_eq!(
            Error::Timeout { seconds: 28.0 }.public().message,
            "Request exceeded 28s timeout"
        );
        assert_eq!(
            Error::Timeout { seconds: 0.8 }.public().message,
            "Request exceeded 0.8s timeout"
        );
    }

    #[test]
    fn errors_that_may_pass_say_when_to_try_again() {
        let error = Error::DatabaseUnavailable(Unavailable::without_source(Reason::Timeout));
        assert_eq!(
            error.public().header,
            Some((header::RETRY_AFTER, HeaderValue::from(2)))
        );
    }
}
