//! Keys under which callers may repeat requests.

use std::{
    fmt,
    io::{Read, Write},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use lambda_http::http::{HeaderMap, HeaderName, StatusCode};
use ring::digest;

use crate::platform::{
    error::Error,
    http::response::{self, Response},
    user_id::UserId,
};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Carried by an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The limit that most services with such keys have.
const MAX_CHARACTERS: usize = 255;

/// A caller's name for one request.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// What identifies a request's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint([u8; digest::SHA256_OUTPUT_LEN]);

impl IdempotencyKey {
    /// The value of the `Idempotency-Key` header, if there is one: a string in quotes, as the IETF's
    /// draft has it, or the same without.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(refused());
        }
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| refused())?;
        Self::parse(text).map(Some)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let key = match text.strip_prefix('"') {
            Some(rest) => unquoted(rest).ok_or_else(refused)?,
            None => text.to_owned(),
        };
        let is_valid = (1..=MAX_CHARACTERS).contains(&key.chars().count())
            && !key.chars().any(char::is_control);
        if is_valid {
            Ok(Self(key))
        } else {
            Err(refused())
        }
    }

    /// The key without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keys may be made of anything, so they stay out of logs.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdempotencyKey(..)")
    }
}

/// The text before a closing quote that ends the value. A backslash makes the next quote or
/// backslash an ordinary character (RFC 8941, section 3.3.3).
fn unquoted(text: &str) -> Option<String> {
    let mut key = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            character => key.push(character),
        }
    }
}

fn refused() -> Error {
    Error::invalid_request(format!(
        "The Idempotency-Key header must be given once, with 1 to {MAX_CHARACTERS} visible \
         characters, in quotes or without"
    ))
}

impl Fingerprint {
    /// Of several parts, each with its length, so that no two lists of parts have the same.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; digest::SHA256_OUTPUT_LEN];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// The fingerprint itself, for those who make another one of it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; digest::SHA256_OUTPUT_LEN] {
        &self.0
    }

    /// A fingerprint that was made elsewhere.
    #[must_use]
    pub fn from_bytes(bytes: [u8; digest::SHA256_OUTPUT_LEN]) -> Self {
        Self(bytes)
    }

    fn first_bytes(&self) -> i64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        i64::from_be_bytes(first)
    }
}

/// A request that may be repeated.
#[derive(Debug, Clone)]
pub struct IdempotentRequest {
    /// Who sent it; keys of different callers have nothing to do with each other.
    pub caller_id: UserId,
    /// Where it was sent.
    pub route: &'static str,
    /// The caller's name for it.
    pub key: IdempotencyKey,
    /// What it says.
    pub fingerprint: Fingerprint,
}

impl IdempotentRequest {
    /// A number for the server's table of locks. If two keys ever shared one, they would wait for
    /// each other, and nothing worse.
    #[must_use]
    pub fn lock_number(&self) -> i64 {
        let caller = self.caller_id.to_bytes();
        let hash = Fingerprint::of(&[&caller, self.route.as_bytes(), self.key.as_str().as_bytes()]);
        hash.first_bytes()
    }
}

/// A JSON response that can be stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// The JSON.
    pub body: String,
}

impl StoredResponse {
    /// The status and the body as they are stored.
    pub fn compress(&self) -> Result<(i16, Vec<u8>), Error> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let body = encoder
            .write_all(self.body.as_bytes())
            .and_then(|()| encoder.finish())
            .map_err(|error| Error::internal("compressing a response", error))?;
        // Statuses have three digits.
        let status = i16::try_from(self.status.as_u16()).unwrap_or_default();
        Ok((status, body))
    }

    /// The response that was stored so.
    pub fn decompress(status: i16, body: &[u8]) -> Result<Self, Error> {
        let mut text = String::new();
        GzDecoder::new(body)
            .read_to_string(&mut text)
            .map_err(|error| Error::internal("reading a stored response", error))?;
        let status = u16::try_from(status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok());
        Ok(Self {
            status: status.unwrap_or(StatusCode::OK),
            body: text,
        })
    }
}

impl From<StoredResponse> for Response {
    fn from(stored: StoredResponse) -> Self {
        response::json_text(stored.status, stored.body)
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    fn key(text: &str) -> Option<String> {
        IdempotencyKey::parse(text).ok().map(|key| key.0)
    }

    #[test]
    fn a_key_may_be_quoted_or_not() {
        for text in ["8e03978e-40d5", "\"8e03978e-40d5\"", "  8e03978e-40d5 "] {
            assert_eq!(key(text).unwrap(), "8e03978e-40d5", "{text}");
        }
        assert_eq!(key(r#""a\"b\\c d""#).unwrap(), r#"a"b\c d"#);
        assert_eq!(key("Straße, 7").unwrap(), "Straße, 7");
        assert_eq!(key(&"é".repeat(255)).unwrap().chars().count(), 255);
    }

    #[test]
    fn broken_quotes_control_characters_and_long_keys_are_refused() {
        let long = "x".repeat(256);
        for text in [
            "",
            "\"\"",
            "\"open",
            "\"a\"b",
            "\"a\\n\"",
            "a\r\nX-Evil: 1",
            "a\0b",
            "a\tb",
            &long,
        ] {
            assert_eq!(key(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_key_is_given_once() {
        let mut headers = HeaderMap::new();
        assert_eq!(IdempotencyKey::from_headers(&headers).unwrap(), None);
        headers.append(HEADER, HeaderValue::from_static("a"));
        assert!(IdempotencyKey::from_headers(&headers).unwrap().is_some());
        headers.append(HEADER, HeaderValue::from_static("b"));
        assert!(IdempotencyKey::from_headers(&headers).is_err());
    }

    #[test]
    fn parts_of_a_fingerprint_do_not_run_into_each_other() {
        assert_ne!(
            Fingerprint::of(&[b"ab", b"c"]),
            Fingerprint::of(&[b"a", b"bc"])
        );
    }
}
