//! What callers see of errors, piece by piece.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{
    details::{Detail, Details},
    refusal::{Refusal, RefusalKind},
    unavailable::Unavailable,
};

/// What a caller is asked to wait before trying again when the database is unavailable. A fail-over
/// or a restart takes longer, a moment of too many connections less.
pub(super) const RETRY_AFTER_SECONDS: u64 = 2;

/// The half of an error that the caller sees.
#[derive(Debug)]
pub struct Public<'e> {
    /// The HTTP status.
    pub status: StatusCode,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// More, row by row.
    pub details: &'e [Detail],
    /// More, under this name.
    pub more: Option<(&'static str, &'e Value)>,
    /// A header that belongs to the status.
    pub header: Option<(HeaderName, HeaderValue)>,
}

pub(super) fn invalid_request<'e>(message: &str, details: &'e Details) -> Public<'e> {
    let rows = match details.total() {
        0 => String::new(),
        count => format!(
            ". Also, {} found, {}",
            counted(count, "row error", "row errors"),
            details.location()
        ),
    };
    let message = format!("{message}{rows}");
    Public::new(StatusCode::BAD_REQUEST, "invalid_request", message).with_details(details.listed())
}

pub(super) fn precondition_failed<'e>(current: &'e Value, etag: &HeaderValue) -> Public<'e> {
    let public = Public::new(
        StatusCode::PRECONDITION_FAILED,
        "precondition_failed",
        "It has changed since it had the ETag in If-Match; see current",
    );
    Public {
        more: Some(("current", current)),
        ..public.with_header(header::ETAG, etag.clone())
    }
}

pub(super) fn rate_limited(retry_after_seconds: u64) -> Public<'static> {
    Public::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "You have sent too many requests; see the Retry-After header",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds))
}

pub(super) fn unavailable(cause: &Unavailable) -> Public<'static> {
    Public::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "database_unavailable",
        cause.reason().message(),
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))
}

pub(super) fn refused_by_table(refusal: &Refusal) -> Public<'_> {
    let (status, code) = match refusal.kind {
        RefusalKind::Unique | RefusalKind::Deferrable | RefusalKind::Reference => {
            (StatusCode::CONFLICT, "conflict")
        }
        RefusalKind::Check
        | RefusalKind::NotNull
        | RefusalKind::Generated
        | RefusalKind::Type
        | RefusalKind::Trigger
        | RefusalKind::Altered => (StatusCode::UNPROCESSABLE_ENTITY, "validation_failed"),
    };
    let reason = refusal.message();
    Public::new(status, code, reason)
}

impl<'e> Public<'e> {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: &[],
            more: None,
            header: None,
        }
    }

    pub(super) fn with_details(self, details: &'e [Detail]) -> Self {
        Self { details, ..self }
    }

    pub(super) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }
}

pub(super) fn counted(count: usize, singular: &str, plural: &str) -> String {
    format!("{count} {}", if count == 1 { singular } else { plural })
}
