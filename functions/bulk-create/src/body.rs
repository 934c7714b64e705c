//! From the body of a request to rows.

use lambda_http::{Body, Request, http::header};
use serde_json::Value;
use shared::error::Error;

/// The rows of a JSON array, at most `max_rows` and at least one.
pub(crate) fn rows(request: &Request, max_rows: usize) -> Result<Vec<Value>, Error> {
    expect_json(request)?;
    let bytes: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    let body: Value = serde_json::from_slice(bytes)
        .map_err(|error| Error::invalid_request(format!("The body is not valid JSON: {error}")))?;
    let Value::Array(rows) = body else {
        return Err(Error::invalid_request(
            "The body must be a JSON array of users",
        ));
    };
    if rows.is_empty() {
        return Err(Error::invalid_request(
            "The body must hold at least one user",
        ));
    }
    if rows.len() > max_rows {
        return Err(Error::TooLarge {
            message: format!(
                "A request may hold {max_rows} users, this one holds {}",
                rows.len()
            ),
        });
    }
    Ok(rows)
}

fn expect_json(request: &Request) -> Result<(), Error> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let is_json = media_type.trim().eq_ignore_ascii_case("application/json");
    let parameters = parameters.trim().to_ascii_lowercase();
    let is_utf8 = matches!(
        parameters.as_str(),
        "" | "charset=utf-8" | "charset=\"utf-8\""
    );
    if is_json && is_utf8 {
        return Ok(());
    }
    Err(Error::UnsupportedMediaType {
        message: "The body must be application/json in UTF-8".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: &str, body: &str) -> Request {
        let mut request = Request::new(Body::Text(body.to_owned()));
        let value = content_type.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, value);
        request
    }

    fn message(content_type: &str, body: &str) -> String {
        rows(&request(content_type, body), 2)
            .unwrap_err()
            .public()
            .message
    }

    #[test]
    fn a_charset_of_utf_8_may_be_named() {
        for content_type in ["application/json", "Application/JSON; charset=UTF-8"] {
            assert_eq!(rows(&request(content_type, "[{}]"), 2).unwrap().len(), 1);
        }
    }

    #[test]
    fn other_formats_and_charsets_are_refused() {
        for content_type in ["", "text/plain", "application/json; charset=latin1"] {
            assert_eq!(
                message(content_type, "[{}]"),
                "The body must be application/json in UTF-8"
            );
        }
    }

    #[test]
    fn a_body_that_is_no_array_of_some_users_is_refused() {
        let json = "application/json";
        assert_eq!(
            message(json, "{}"),
            "The body must be a JSON array of users"
        );
        assert_eq!(message(json, "[]"), "The body must hold at least one user");
        assert_eq!(
            message(json, "[1,2,3]"),
            "A request may hold 2 users, this one holds 3"
        );
        assert_eq!(
            message(json, "[{]"),
            "The body is not valid JSON: key must be a string at line 1 column 3"
        );
    }

    #[test]
    fn deep_nesting_is_refused_instead_of_followed() {
        let nested = "[".repeat(1_000_000);
        assert!(message("application/json", &nested).starts_with("The body is not valid JSON"));
    }
}
