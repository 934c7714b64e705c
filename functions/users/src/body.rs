//! The body of a request about one user: a JSON object.

use lambda_http::{
    Body, Request,
    http::{HeaderMap, header},
};
use serde::de::IgnoredAny;
use shared::platform::error::Error;

/// A user with the longest values takes a tenth of this.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

pub(crate) const JSON: &str = "application/json";
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";

/// The text of an object, in one of the media types.
pub(crate) fn object<'r>(request: &'r Request, types: &[&str]) -> Result<&'r str, Error> {
    object_up_to(MAX_BYTES, request, types)
}

/// The same, of another size.
pub(crate) fn object_up_to<'r>(
    max_bytes: usize,
    request: &'r Request,
    types: &[&str],
) -> Result<&'r str, Error> {
    check_headers(request.headers(), types)?;
    let bytes: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > max_bytes {
        return Err(Error::TooLarge {
            message: format!("The body may have at most {max_bytes} bytes"),
        });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::invalid_request("The body is not valid UTF-8"))?;
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| Error::invalid_request(format!("The body is not valid JSON: {error}")))?;
    if text.trim_start().starts_with('{') {
        Ok(text)
    } else {
        Err(Error::invalid_request("The body must be a JSON object"))
    }
}

fn check_headers(headers: &HeaderMap, types: &[&str]) -> Result<(), Error> {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    let mut parts = value.unwrap_or_default().split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let is_known = types.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_utf_8 = parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    let is_plain = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_known && is_utf_8 && is_plain {
        Ok(())
    } else {
        Err(Error::UnsupportedMediaType {
            message: format!(
                "The body must be {}, in UTF-8 and not compressed",
                types.join(" or ")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(content_type: &str, body: &str) -> Option<&'static str> {
        let mut request = Request::new(body.into());
        let value = content_type.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, value);
        let outcome = object(&request, &[JSON, MERGE_PATCH]).map(str::to_owned);
        outcome.err().map(|error| error.public().code)
    }

    #[test]
    fn an_object_in_a_known_type_is_read() {
        for content_type in [
            JSON,
            MERGE_PATCH,
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert_eq!(code(content_type, " {}"), None, "{content_type}");
        }
        for content_type in ["", "text/json", "application/json; charset=latin1"] {
            assert_eq!(
                code(content_type, "{}"),
                Some("unsupported_media_type"),
                "{content_type}"
            );
        }
        for body in ["", "{", "[]", "null", "{} {}"] {
            assert_eq!(code(JSON, body), Some("invalid_request"), "{body}");
        }
        let long = format!("{{\"full_name\":\"{}\"}}", "x".repeat(MAX_BYTES));
        assert_eq!(code(JSON, &long), Some("too_large"));
    }
}
