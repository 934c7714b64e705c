//! The files of the console, embedded in the program.

use lambda_http::{
    Body,
    http::{HeaderMap, HeaderValue, header},
};
use shared::platform::http::response::Response;

/// A file of `console/dist`.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of a name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

impl Asset {
    /// A tag that changes with the content: gzip ends with its checksum and its length.
    pub(crate) fn etag(&self) -> String {
        let end = self
            .gzip
            .last_chunk()
            .map_or(0, |end| u64::from_le_bytes(*end));
        format!("\"{end:016x}\"")
    }

    /// The file, compressed if the browser can read that.
    pub(crate) fn response(&self, request: &HeaderMap) -> Response {
        let is_compressed = accepts_gzip(request);
        let body = if is_compressed { self.gzip } else { self.plain };
        let mut response = Response::new(Body::Binary(body.to_vec()));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type());
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if is_compressed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }

    fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        })
    }
}

/// Whether the header names gzip, and not to refuse it.
fn accepts_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let weight = weight.trim().trim_start_matches("q=").parse();
            name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight: f32| weight > 0.0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_compressed_for_those_who_can_read_it() {
        for (header, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(accepts_gzip(&headers), expected, "{header}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn every_file_has_a_type_that_browsers_run() {
        for asset in ASSETS {
            assert_ne!(asset.content_type(), "application/octet-stream");
        }
    }
}
