//! Errors as responses of the document: every status and code, with the answer that a caller would
//! get.

use lambda_http::http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::headers::response_header;
use crate::platform::{
    error::{Detail, Details, Error, Public, Reason, Unavailable},
    http::router::NO_SUCH_PATH,
};

/// What the gateway calls a request; an example of one.
const REQUEST_ID: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

/// The errors that most operations can answer with.
#[derive(Clone, Copy)]
pub(super) struct CommonErrors {
    /// Whether only users may call.
    pub(super) is_protected: bool,
    /// Whether only superusers may call.
    pub(super) is_for_superusers: bool,
    /// Whether nothing can be said without the database.
    pub(super) uses_database: bool,
}

impl CommonErrors {
    pub(super) fn list(self) -> Vec<Error> {
        let mut errors = vec![
            Error::invalid_request("Unknown parameter \"limit\"; this path has no parameters"),
            Error::Timeout { seconds: 28.0 },
            Error::internal("answering", "an example"),
        ];
        if self.is_protected {
            errors.push(Error::Unauthorized {
                reason: "an example",
            });
            if self.is_for_superusers {
                errors.push(Error::Forbidden);
            }
            // Where a limit is configured.
            errors.push(Error::RateLimited {
                retry_after_seconds: 2,
            });
        }
        if self.uses_database {
            errors.push(Error::DatabaseUnavailable(Unavailable::without_source(
                Reason::Timeout,
            )));
        }
        errors
    }
}

/// An example of every error that there is, for the catalogue.
#[must_use]
pub fn catalogue() -> Vec<Error> {
    let common = CommonErrors {
        is_protected: true,
        is_for_superusers: true,
        uses_database: true,
    };
    let mut errors = common.list();
    errors.extend([
        NO_SUCH_PATH,
        Error::MethodNotAllowed {
            allow: HeaderValue::from_static("GET, HEAD"),
        },
        Error::Conflict {
            details: details("already_exists", "email belongs to a stored user"),
        },
        Error::IdempotencyInProgress,
        Error::IdempotencyMismatch,
        Error::TooLarge {
            message: "A request may contain at most 10000 users; this one contains 10001"
                .to_owned(),
        },
        Error::UnsupportedMediaType {
            message:
                "The body must be application/json, application/x-ndjson or text/csv, in UTF-8"
                    .to_owned(),
        },
        Error::ValidationFailed {
            details: details(
                "invalid_format",
                "email must be an address like name@example.com: it has no @",
            ),
        },
    ]);
    errors
}

/// Those of the catalogue with these codes.
pub fn errors_with(codes: &[&str]) -> impl Iterator<Item = Error> {
    catalogue()
        .into_iter()
        .filter(|error| codes.contains(&error.public().code))
}

fn details(code: &'static str, message: &str) -> Details {
    [Detail {
        index: 1,
        line: None,
        field: Some("email"),
        code,
        message: message.to_owned(),
    }]
    .into_iter()
    .collect()
}

/// The responses for some errors, those of one status in one.
pub(super) fn responses<'e>(errors: impl Iterator<Item = &'e Error>) -> Map<String, Value> {
    let mut responses = Map::new();
    for error in errors {
        let public = error.public();
        add(
            &mut responses,
            public.status,
            public.code,
            public.header.as_ref().map(|(name, _)| name.as_str()),
            &example(&public),
        );
    }
    responses
}

fn example(public: &Public<'_>) -> Value {
    let mut body = json!({
        "error": public.code,
        "message": public.message,
        "request_id": REQUEST_ID,
    });
    if !public.details.is_empty() {
        body["details"] = json!(public.details);
    }
    if let Some((name, value)) = public.more {
        body[name] = value.clone();
    }
    body
}

fn add(
    responses: &mut Map<String, Value>,
    status: StatusCode,
    code: &str,
    header: Option<&str>,
    example: &Value,
) {
    let reason = status.canonical_reason().unwrap_or_default();
    let response = responses
        .entry(status.as_str().to_owned())
        .or_insert_with(|| {
            let headers = json!({
                "X-Request-Id": response_header("X-Request-Id"),
                "Cache-Control": response_header("Cache-Control"),
            });
            json!({
                "description": reason,
                "headers": headers,
                "content": { "application/json": {
                    "schema": { "allOf": [
                        { "$ref": "#/components/schemas/Error" },
                        { "properties": { "error": { "enum": [] } } },
                    ] },
                    "examples": {},
                } },
            })
        });
    let content = &mut response["content"]["application/json"];
    content["examples"][code] = json!({ "value": example });
    if let Some(codes) = content["schema"]["allOf"][1]["properties"]["error"]["enum"].as_array_mut()
        && !codes.contains(&json!(code))
    {
        codes.push(json!(code));
    }
    for (name, at) in [
        ("WWW-Authenticate", "www-authenticate"),
        ("Retry-After", "retry-after"),
        ("ETag", "etag"),
    ] {
        if header == Some(at) {
            response["headers"][name] = response_header(name);
        }
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        for name in ["RateLimit", "RateLimit-Policy"] {
            response["headers"][name] = response_header(name);
        }
    }
}
