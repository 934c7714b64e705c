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

/// What a request's `Content-Type` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ContentType {
    /// The body is users.
    Users(Format),
    /// The body is a form, with this text between its parts.
    Form { boundary: String },
}

/// The media types under which browsers, spreadsheets and libraries send the formats. The first of each is
/// the one that is documented.
const MEDIA_TYPES: &[(Format, &[&str])] = &[
    (
        Format::Json,
        &[
            "application/json",
            "application/x-json",
            "text/json",
            "text/x-json",
        ],
    ),
    (
        Format::Ndjson,
        &[
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/jsonlines",
            "application/json-lines",
            "application/json-l",
            "application/x-jsonl",
            "application/x-jsonlines",
            "application/x-json-lines",
            "application/x-ldjson",
            "application/stream+json",
            "application/x-json-stream",
            "text/x-ndjson",
            "text/ndjson",
            "text/jsonl",
            "text/x-jsonl",
            "text/x-jsonlines",
        ],
    ),
    (
        Format::Csv,
        &[
            "text/csv",
            "text/x-csv",
            "text/comma-separated-values",
            "text/x-comma-separated-values",
            "text/tab-separated-values",
            "text/tsv",
            "application/csv",
            "application/x-csv",
            "application/vnd.ms-excel",
        ],
    ),
];

/// Names of UTF-8 and of what it contains, and of UTF-16, which is read where a byte order mark says so.
const CHARSETS: [&str; 8] = [
    "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf16", "utf-16le", "utf-16be",
];

impl Format {
    /// The media type that is documented.
    #[cfg(any(test, feature = "openapi"))]
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

    /// The format of a media type with parameters.
    pub(super) fn of_media_type(content_type: &str) -> Option<Self> {
        let (media_type, mut parameters) = split(content_type);
        let (format, _) = MEDIA_TYPES
            .iter()
            .find(|(_, names)| names.contains(&media_type.as_str()))?;
        let is_understood = |(name, value): (String, &str)| match name.as_str() {
            "charset" => CHARSETS.contains(&value.to_ascii_lowercase().as_str()),
            "header" => value.eq_ignore_ascii_case("present"),
            _ => true,
        };
        parameters.all(is_understood).then_some(*format)
    }

    /// The format that the end of a file's name says.
    pub(super) fn of_file_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "csv" | "tsv" | "tab" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl ContentType {
    pub(super) fn of(request: &Request) -> Result<Self, Error> {
        let value = request.headers().get(header::CONTENT_TYPE);
        let sent = value.map(|value| value.to_str().unwrap_or_default());
        sent.and_then(Self::parse).ok_or_else(|| refused(sent))
    }

    fn parse(content_type: &str) -> Option<Self> {
        let (media_type, mut parameters) = split(content_type);
        if media_type == "multipart/form-data" {
            let (_, boundary) = parameters.find(|(name, _)| name == "boundary")?;
            let boundary = boundary.to_owned();
            return (!boundary.is_empty()).then_some(Self::Form { boundary });
        }
        Format::of_media_type(content_type).map(Self::Users)
    }
}

/// A media type in lower case, and its parameters without quotes around their values.
pub(super) fn split(content_type: &str) -> (String, impl Iterator<Item = (String, &str)>) {
    let mut is_quoted = false;
    let is_end = move |character| {
        is_quoted ^= character == '"';
        character == ';' && !is_quoted
    };
    let mut parts = content_type.split(is_end).map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = parts.filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name = name.trim().to_ascii_lowercase();
        (name, value.trim().trim_matches('"'))
    });
    (media_type, parameters)
}

/// The error for a body that is not read. curl sends the type of a form by default.
pub(super) fn refused(sent: Option<&str>) -> Error {
    let accepted = "The body must be application/json, application/x-ndjson or text/csv, in UTF-8";
    let hint = match sent.map(|sent| (sent, split(sent).0)) {
        None => "; the request has no Content-Type".to_owned(),
        Some((_, kind)) if kind == "application/x-www-form-urlencoded" => {
            "; curl -d sends a form unless the type is given: add -H 'Content-Type: text/csv', for example, \
             and send the file with --data-binary"
                .to_owned()
        }
        Some((_, kind)) if matches!(kind.as_str(), "application/gzip" | "application/x-gzip") => {
            "; say what is compressed: Content-Type: text/csv, for example, and Content-Encoding: gzip"
                .to_owned()
        }
        Some((sent, _)) => {
            let shown: String = sent.chars().take(80).collect();
            format!("; it was sent as {shown:?}")
        }
    };
    Error::UnsupportedMediaType {
        message: format!("{accepted}{hint}"),
    }
}

/// The media types of all formats, for the document of the API.
#[cfg(feature = "openapi")]
pub(crate) fn media_types() -> [&'static str; 3] {
    [Format::Json, Format::Ndjson, Format::Csv].map(Format::media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(content_type: &str) -> Option<Format> {
        match ContentType::parse(content_type)? {
            ContentType::Users(format) => Some(format),
            ContentType::Form { .. } => panic!("{content_type} is a form"),
        }
    }

    #[test]
    fn formats_are_known_under_the_names_that_are_in_use() {
        for (content_type, format) in [
            ("application/json", Format::Json),
            ("Application/JSON; charset=UTF-8", Format::Json),
            ("application/json; charset=utf8", Format::Json),
            ("application/x-ndjson;charset=\"utf-8\"", Format::Ndjson),
            ("application/jsonl", Format::Ndjson),
            ("application/x-jsonlines", Format::Ndjson),
            ("text/csv; header=present; charset=us-ascii", Format::Csv),
            (
                "text/csv; charset = utf-16; name=\"users.csv\"",
                Format::Csv,
            ),
            ("application/csv", Format::Csv),
            ("application/vnd.ms-excel", Format::Csv),
            ("text/tab-separated-values", Format::Csv),
        ] {
            assert_eq!(parse(content_type), Some(format), "{content_type}");
        }
    }

    #[test]
    fn the_first_name_of_a_format_is_the_documented_one() {
        for (format, names) in MEDIA_TYPES {
            assert_eq!(names[0], format.media_type());
        }
    }

    #[test]
    fn other_formats_and_charsets_are_refused() {
        for content_type in [
            "",
            "text/plain",
            "application/json; charset=latin1",
            "text/csv; header=absent",
            "application/jsonp",
            "multipart/form-data",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(parse(content_type), None, "{content_type}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_sent_and_what_to_do() {
        for (sent, expected) in [
            (None, "no Content-Type"),
            (Some("application/x-www-form-urlencoded"), "--data-binary"),
            (Some("application/gzip"), "Content-Encoding: gzip"),
            (Some("text/plain"), "it was sent as \"text/plain\""),
        ] {
            let message = refused(sent).public().message;
            assert!(message.contains(expected), "{message}");
        }
    }
}
