//! Which formats a body may have.

use lambda_http::{Request, http::header};
use shared::platform::error::Error;

/// How users are written in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// An array of objects.
    Json,
    /// An object on every line.
    Ndjson,
    /// RFC 4180, with a header row.
    Csv,
}

impl Format {
    /// What the request's `Content-Type` says.
    pub(super) fn of(request: &Request) -> Result<Self, Error> {
        request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(Self::parse)
            .ok_or_else(|| Error::UnsupportedMediaType {
                message: "The body must be application/json, application/x-ndjson or text/csv, \
                          in UTF-8"
                    .to_owned(),
            })
    }

    const ALL: [Self; 3] = [Self::Json, Self::Ndjson, Self::Csv];

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
        }
    }

    /// A word for it that never changes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    fn parse(content_type: &str) -> Option<Self> {
        let content_type = content_type.to_ascii_lowercase();
        let mut parts = content_type.split(';').map(str::trim);
        let media_type = parts.next()?;
        let format = Self::ALL
            .into_iter()
            .find(|format| format.media_type() == media_type)?;
        let is_understood = |parameter: &str| match parameter {
            "" | "charset=utf-8" | "charset=\"utf-8\"" => true,
            "header=present" => format == Self::Csv,
            _ => false,
        };
        parts.all(is_understood).then_some(format)
    }
}

/// The media types of all formats, for the document of the API.
#[cfg(feature = "openapi")]
pub(crate) fn media_types() -> [&'static str; 3] {
    Format::ALL.map(Format::media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_of_utf_8_and_a_header_row_may_be_named() {
        for (content_type, format) in [
            ("application/json", Format::Json),
            ("Application/JSON; charset=UTF-8", Format::Json),
            ("application/x-ndjson;charset=\"utf-8\"", Format::Ndjson),
            ("text/csv; header=present; charset=utf-8", Format::Csv),
        ] {
            assert_eq!(Format::parse(content_type), Some(format), "{content_type}");
        }
    }

    #[test]
    fn other_formats_and_charsets_are_refused() {
        for content_type in [
            "",
            "text/plain",
            "application/json; charset=latin1",
            "application/json; charset=utf-16",
            "text/csv; header=absent",
            "application/jsonp",
        ] {
            assert_eq!(Format::parse(content_type), None, "{content_type}");
        }
    }
}
