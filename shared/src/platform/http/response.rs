//! Responses.

use lambda_http::{
    Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;

use crate::platform::error::{Detail, Error, Public};

/// What handlers return.
pub type Response = lambda_http::Response<Body>;

/// Carries the request id on every response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a body may take in the answer that a function hands to Lambda, by [`bytes_in_envelope`].
/// Lambda refuses answers of more than 6 MB; the difference is for headers and envelope.
pub const MAX_BYTES_IN_ENVELOPE: usize = 6 * 1024 * 1024 - 16 * 1024;

/// What a body takes in the answer that a function hands to Lambda. The body is a JSON string there, so
/// that its quotes, backslashes and control characters are escaped (RFC 8259, section 7), those of a
/// JSON body for a second time.
#[must_use]
pub fn bytes_in_envelope(body: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..0x20 => 6,
        _ => 1,
    };
    body.bytes().map(escaped).sum()
}

/// What every error answer says.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Error))]
pub(crate) struct ErrorBody<'a> {
    /// A stable word for programs.
    error: &'a str,
    /// A sentence for people.
    message: &'a str,
    /// The id under which the request is in the log.
    request_id: &'a str,
    /// More, row by row.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [Detail],
}

/// A JSON answer that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON.
    pub body: String,
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(Body::Text(answer.body));
        *response.status_mut() = answer.status;
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        response
    }
}

/// A JSON response.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let text = serde_json::to_string(body)
        .map_err(|error| Error::internal("writing the response", error))?;
    Ok(Answer { status, body: text }.into())
}

/// The response for an error: its public half, and nothing else.
pub(crate) fn error(error: &Error, request_id: &str) -> Response {
    let Public {
        status,
        code,
        message,
        details,
        header,
    } = error.public();
    let body = ErrorBody {
        error: code,
        message: &message,
        request_id,
        details,
    };
    let mut response = json(status, &body).unwrap_or_else(|_| {
        let mut bare = Response::new(Body::Empty);
        *bare.status_mut() = status;
        bare
    });
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value);
    }
    response
}

/// Adds what every response carries.
pub(crate) fn finish(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    set_default(headers, header::CACHE_CONTROL, "no-store");
    set_default(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_takes_in_its_envelope_what_json_makes_of_it(
            body in prop_oneof![any::<String>(), "[\0-\"\\\\é\u{7f}]{0,60}"],
        ) {
            let json = serde_json::to_string(&body).unwrap();
            prop_assert_eq!(bytes_in_envelope(&body), json.len() - "\"\"".len());
        }
    }
}
