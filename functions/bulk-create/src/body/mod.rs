//! From the body of a request to rows.

mod csv;
mod gzip;
mod json;
mod media_type;
mod ndjson;

use std::borrow::Cow;

use lambda_http::{Body, Request, http::header};
use shared::{
    platform::error::Error,
    users::{RawRow, RawUser},
};

pub(crate) use self::media_type::Format;
#[cfg(feature = "openapi")]
pub(crate) use self::media_type::media_types;

/// What Lambda accepts; other ways to reach a function must not accept more.
pub(crate) const MAX_BYTES: usize = 6 * 1024 * 1024;

/// Compressed, a small body can say very much. 10,000 rows of the longest values are 20 MB.
pub(crate) const MAX_DECOMPRESSED_BYTES: usize = 32 * 1024 * 1024;

/// The body of a request as text, and the format to read it in.
#[derive(Debug)]
pub(crate) struct Payload<'r> {
    format: Format,
    text: Cow<'r, str>,
}

impl<'r> Payload<'r> {
    /// Decompresses and decodes the body.
    pub(crate) fn read(request: &'r Request) -> Result<Self, Error> {
        let format = Format::of(request)?;
        let sent: &[u8] = match request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        };
        if sent.len() > MAX_BYTES {
            return Err(Error::TooLarge {
                message: format!("The body may have at most {MAX_BYTES} bytes"),
            });
        }
        let text = if is_gzip(request)? {
            let bytes = gzip::decompress(sent, MAX_DECOMPRESSED_BYTES)?;
            Cow::Owned(String::from_utf8(bytes).map_err(|error| not_utf8(error.utf8_error()))?)
        } else {
            Cow::Borrowed(std::str::from_utf8(sent).map_err(not_utf8)?)
        };
        Ok(Self { format, text })
    }

    /// How the body is written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// The body, decompressed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The rows, at most `max_rows` and at least one.
    pub(crate) fn rows(&self, max_rows: usize) -> Result<Vec<RawRow>, Error> {
        // Spreadsheets put a byte order mark before what they export.
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        let mut rows = Rows::new(max_rows);
        match self.format {
            Format::Json => json::read(text, &mut rows)?,
            Format::Ndjson => ndjson::read(text, &mut rows),
            Format::Csv => csv::read(text, &mut rows)?,
        }
        rows.finish()
    }
}

fn is_gzip(request: &Request) -> Result<bool, Error> {
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    let mut is_gzip = false;
    for encoding in encodings {
        match encoding.to_str().unwrap_or_default().trim() {
            name if name.eq_ignore_ascii_case("identity") => {}
            name if name.eq_ignore_ascii_case("gzip") && !is_gzip => is_gzip = true,
            _ => {
                return Err(Error::UnsupportedMediaType {
                    message: "The body may be compressed with gzip, once, or not at all".to_owned(),
                });
            }
        }
    }
    Ok(is_gzip)
}

fn not_utf8(error: std::str::Utf8Error) -> Error {
    Error::invalid_request(format!(
        "The body is not valid UTF-8: invalid byte at position {}",
        error.valid_up_to()
    ))
}

/// Collects rows up to a limit, and counts those beyond it.
pub(crate) struct Rows {
    limit: usize,
    kept: Vec<RawRow>,
    count: usize,
}

impl Rows {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Vec::new(),
            count: 0,
        }
    }

    /// Adds a row. It is not even read beyond the limit.
    fn push(&mut self, line: Option<usize>, read: impl FnOnce() -> RawUser) {
        self.count += 1;
        if self.count <= self.limit {
            self.kept.push(RawRow { line, user: read() });
        }
    }

    fn finish(self) -> Result<Vec<RawRow>, Error> {
        if self.count == 0 {
            return Err(Error::invalid_request(
                "The body must hold at least one user",
            ));
        }
        if self.count > self.limit {
            return Err(Error::TooLarge {
                message: format!(
                    "A request may contain at most {} users; this one contains {}",
                    self.limit, self.count
                ),
            });
        }
        Ok(self.kept)
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;
    use proptest::{collection::vec, prelude::*, sample::select};
    use shared::users::NewUserBatch;

    use super::*;

    fn request(content_type: &str, body: impl Into<Body>) -> Request {
        let mut request = Request::new(body.into());
        let value = content_type.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, value);
        request
    }

    fn rows(request: &Request) -> Result<Vec<RawRow>, Error> {
        Payload::read(request)?.rows(2)
    }

    fn message(content_type: &str, body: impl Into<Body>) -> String {
        rows(&request(content_type, body))
            .unwrap_err()
            .public()
            .message
    }

    #[test]
    fn the_three_formats_say_the_same() {
        let json = r#"[{"email": "a@example.com", "username": "a", "is_active": false}]"#;
        let ndjson =
            "\r\n{\"email\": \"a@example.com\", \"username\": \"a\", \"is_active\": false}\r\n";
        let csv = "\u{feff}username,is_active,email,full_name\r\na,FALSE,\"a@example.com\",\r\n";
        for (content_type, body) in [
            ("application/json", json),
            ("application/x-ndjson", ndjson),
            ("text/csv; charset=utf-8", csv),
        ] {
            let rows = rows(&request(content_type, body)).unwrap();
            let (users, _) = NewUserBatch::parse(rows).unwrap().into_parts();
            assert_eq!(users[0].email, "a@example.com");
            assert_eq!(users[0].username, "a");
            assert_eq!(users[0].full_name, None);
            assert_eq!(users[0].is_active, Some(false));
            assert_eq!(users[0].is_superuser, None);
        }
    }

    #[test]
    fn a_body_without_users_or_with_too_many_is_refused() {
        for (content_type, none, three) in [
            ("application/json", "[]", "[1,2,3]"),
            ("application/x-ndjson", "\n\n", "{}\n{}\n{}"),
            (
                "text/csv",
                "email,username\n",
                "email,username\na,b\na,b\na,b\n",
            ),
        ] {
            assert_eq!(
                message(content_type, none),
                "The body must hold at least one user"
            );
            assert_eq!(
                message(content_type, three),
                "A request may contain at most 2 users; this one contains 3"
            );
        }
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused() {
        let body = Body::Binary(b"[\xff]".to_vec());
        assert_eq!(
            message("application/json", body),
            "The body is not valid UTF-8: invalid byte at position 1"
        );
    }

    #[test]
    fn more_bytes_than_lambda_takes_are_refused() {
        let body = "[".repeat(MAX_BYTES + 1);
        assert_eq!(
            message("application/json", body),
            "The body may have at most 6291456 bytes"
        );
    }

    #[test]
    fn unknown_and_repeated_compression_is_refused() {
        for encodings in [&["br"][..], &["gzip, gzip"], &["gzip", "gzip"], &[""]] {
            let mut request = request("application/json", "[]");
            for encoding in encodings {
                request
                    .headers_mut()
                    .append(header::CONTENT_ENCODING, encoding.parse().unwrap());
            }
            let error = rows(&request).unwrap_err();
            assert_eq!(error.public().code, "unsupported_media_type");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_bytes_are_rows_or_an_error_of_the_caller(
            bytes in prop_oneof![
                vec(any::<u8>(), 0..200),
                "[\\[\\]{}\",:\\\\a-z0-9\r\n ]{0,200}".prop_map(String::into_bytes),
            ],
            content_type in select(&["application/json", "application/x-ndjson", "text/csv"][..]),
            is_gzip in any::<bool>(),
        ) {
            let mut request = request(content_type, Body::Binary(bytes));
            if is_gzip {
                request
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            if let Err(error) = rows(&request) {
                prop_assert!(error.public().status.is_client_error());
            }
        }
    }
}
