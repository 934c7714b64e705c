//! From the body of a request to users.

mod csv;
mod gzip;
mod json;
mod lines;
mod media_type;
mod multipart;
mod ndjson;
mod rows;

use std::borrow::Cow;

use lambda_http::{Body, Request, http::header};
use shared::{
    platform::error::Error,
    users::{AcceptedHashes, Located, NewUser, UserFields},
};

pub(crate) use self::media_type::Format;
#[cfg(feature = "openapi")]
pub(crate) use self::media_type::media_types;
use self::{media_type::ContentType, multipart::File, rows::Rows};

/// What Lambda accepts of a body that the gateway encodes in base64, as it does with NDJSON, gzip and forms. That
/// JSON could be larger is not used: whether a request is too large shall not depend on its format.
pub(crate) const MAX_BYTES: usize = 4_500_000;

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
        let content_type = ContentType::of(request)?;
        let sent: &[u8] = match request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        };
        if sent.len() > MAX_BYTES {
            return Err(Error::TooLarge {
                message: format!(
                    "The body may have at most {MAX_BYTES} bytes; compress it, or send fewer users"
                ),
            });
        }
        let mut bytes = Cow::Borrowed(sent);
        if is_gzip(request)? {
            bytes = Cow::Owned(gzip::decompress(sent, MAX_DECOMPRESSED_BYTES)?);
        }
        let format = match content_type {
            ContentType::Users(format) => format,
            ContentType::Form { boundary } => {
                let File {
                    format,
                    is_gzip,
                    content,
                } = multipart::file(&bytes, &boundary)?;
                bytes = Cow::Owned(if is_gzip {
                    gzip::decompress(content, MAX_DECOMPRESSED_BYTES)?
                } else {
                    content.to_vec()
                });
                format
            }
        };
        if let Some(kind) = csv_reader::binary_kind(&bytes) {
            return Err(Error::invalid_request(format!(
                "The body is {kind}, not text{}",
                advice(&bytes)
            )));
        }
        let text = match bytes {
            Cow::Borrowed(bytes) => csv_reader::decode(bytes),
            Cow::Owned(bytes) => csv_reader::decode(&bytes).map(|text| text.into_owned().into()),
        };
        let text = text.map_err(|error| Error::invalid_request(format!("The body {error}")))?;
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

    /// The users, at most `max_rows` and at least one. An error names all that is wrong with the body and
    /// with the rows in it.
    pub(crate) fn users(
        &self,
        max_rows: usize,
        keeps_ids: bool,
        accepted: AcceptedHashes,
        fields: UserFields,
        are_guarded: bool,
    ) -> Result<Vec<Located<NewUser>>, Error> {
        let mut rows = Rows::new(max_rows, keeps_ids, fields);
        match self.format {
            Format::Json => json::read(&self.text, &mut rows),
            Format::Ndjson => ndjson::read(&self.text, &mut rows),
            Format::Csv => csv::read(&self.text, &mut rows, are_guarded),
        }
        rows.finish(accepted)
    }
}

/// What to do about a body that is not text.
fn advice(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"\x1f\x8b") {
        "; send it with Content-Encoding: gzip, and compress it once"
    } else {
        "; unpack it, or save the sheet as CSV"
    }
}

fn is_gzip(request: &Request) -> Result<bool, Error> {
    let encodings = request.headers().get_all(header::CONTENT_ENCODING);
    let mut is_gzip = false;
    for encoding in encodings {
        match encoding.to_str().unwrap_or_default().trim() {
            name if name.eq_ignore_ascii_case("identity") => {}
            // RFC 9110, section 8.4.1.3: both names mean the same.
            name if ["gzip", "x-gzip"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
                && !is_gzip =>
            {
                is_gzip = true;
            }
            _ => {
                return Err(Error::UnsupportedMediaType {
                    message: "The body may be compressed with gzip, once, or not at all".to_owned(),
                });
            }
        }
    }
    Ok(is_gzip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::http::HeaderValue;
    use proptest::{collection::vec, prelude::*, sample::select};

    fn request(content_type: &str, body: impl Into<Body>) -> Request {
        let mut request = Request::new(body.into());
        let value = content_type.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, value);
        request
    }

    fn users(request: &Request) -> Result<Vec<Located<NewUser>>, Error> {
        Payload::read(request)?.users(2, false, AcceptedHashes::default(), UserFields::ALL, false)
    }

    fn message(content_type: &str, body: impl Into<Body>) -> String {
        users(&request(content_type, body))
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
            let users = users(&request(content_type, body)).unwrap();
            let user = &users[0].value;
            assert_eq!(user.email, "a@example.com");
            assert_eq!(user.username.as_deref(), Some("a"));
            assert_eq!(user.full_name, None);
            assert_eq!(user.is_active, Some(false));
            assert_eq!(user.is_superuser, None);
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
            "The body is not valid UTF-8: line 1 has the bytes [FF] after 1 characters. It looks like \
             windows-1252; convert it to UTF-8"
        );
    }

    #[test]
    fn files_that_are_not_text_are_named_with_what_to_do() {
        for (body, expected) in [
            (
                b"PK\x03\x04\x14\0".to_vec(),
                "The body is a ZIP archive or a workbook of Excel, not text; unpack it, or save the sheet as CSV",
            ),
            (
                b"\x1f\x8b\x08\0".to_vec(),
                "The body is compressed by gzip, not text; send it with Content-Encoding: gzip, and compress it once",
            ),
        ] {
            assert_eq!(message("text/csv", Body::Binary(body)), expected);
        }
    }

    #[test]
    fn more_bytes_than_lambda_takes_are_refused() {
        let body = "[".repeat(MAX_BYTES + 1);
        assert_eq!(
            message("application/json", body),
            "The body may have at most 4500000 bytes; compress it, or send fewer users"
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
            let error = users(&request).unwrap_err();
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
            if let Err(error) = users(&request) {
                prop_assert!(error.public().status.is_client_error());
            }
        }
    }
}
