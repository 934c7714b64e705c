//! Responses.

use lambda_http::{
    Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;
use serde_json::Value;

use crate::platform::error::{Detail, Error, Public};

/// What handlers return.
pub type Response = lambda_http::Response<Body>;

/// Carries the request id on every response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
    /// What there is now, with 412.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    current: Option<&'a Value>,
    /// The tables that refer to a user, with 409.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    references: Option<&'a Value>,
    /// How many users pass the filter, with 409.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    count: Option<&'a Value>,
}

/// A JSON response.
pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Error> {
    let text = serde_json::to_string(body)
        .map_err(|error| Error::internal("writing the response", error))?;
    Ok(json_text(status, text))
}

/// A response whose body is JSON already.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// A response without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// The response for an error: its public half, and nothing else.
pub(crate) fn error(error: &Error, request_id: &str) -> Response {
    let Public {
        status,
        code,
        message,
        details,
        more,
        header,
    } = error.public();
    let named = |wanted| more.and_then(|(name, value)| (name == wanted).then_some(value));
    let body = ErrorBody {
        error: code,
        message: &message,
        request_id,
        details,
        current: named("current"),
        references: named("references"),
        count: named("count"),
    };
    let mut response = json(status, &body).unwrap_or_else(|_| empty(status));
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
