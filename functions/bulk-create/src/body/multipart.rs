//! Forms with one file, as browsers and `curl -F` send them (RFC 7578).

use shared::platform::error::Error;

use super::media_type::{Format, refused, split};

/// The file of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File<'b> {
    pub(super) format: Format,
    pub(super) is_gzip: bool,
    pub(super) content: &'b [u8],
}

/// The only part of a form. Fields beside a file are refused: nothing reads them.
pub(super) fn file<'b>(body: &'b [u8], boundary: &str) -> Result<File<'b>, Error> {
    let delimiter = format!("--{boundary}");
    let line_and_delimiter = format!("\r\n{delimiter}");
    let malformed = || Error::invalid_request("The multipart body is malformed");
    let start = find(body, delimiter.as_bytes()).ok_or_else(malformed)?;
    let mut rest = &body[start + delimiter.len()..];
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let end = find(rest, line_and_delimiter.as_bytes()).ok_or_else(malformed)?;
        parts.push(&rest[..end]);
        rest = &rest[end + line_and_delimiter.len()..];
    }
    let [part] = parts[..] else {
        return Err(Error::invalid_request(format!(
            "A multipart body must have one part, which is the file; this one has {}",
            parts.len()
        )));
    };
    let headers_end = find(part, b"\r\n\r\n").ok_or_else(malformed)?;
    let headers = std::str::from_utf8(&part[..headers_end]).map_err(|_| malformed())?;
    read_part(headers, &part[headers_end + 4..])
}

/// The media type of a part counts; where it says nothing, the name of the file does.
fn read_part<'b>(headers: &str, content: &'b [u8]) -> Result<File<'b>, Error> {
    let header = |wanted: &str| {
        let headers = headers
            .split("\r\n")
            .filter_map(|line| line.split_once(':'));
        let mut found = headers.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
        found.next().map(|(_, value)| value.trim())
    };
    let content_type = header("content-type");
    let disposition = header("content-disposition").unwrap_or_default();
    let name = split(disposition).1.find(|(name, _)| name == "filename");
    let name = name.map_or("", |(_, value)| value);
    let plain_name = name.strip_suffix(".gz");
    let format = content_type
        .and_then(Format::of_media_type)
        .or_else(|| Format::of_file_name(plain_name.unwrap_or(name)))
        .ok_or_else(|| refused(content_type))?;
    Ok(File {
        format,
        is_gzip: plain_name.is_some(),
        content,
    })
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(headers: &str) -> Vec<u8> {
        let part = format!("--x1\r\n{headers}\r\n\r\nemail\r\n--x2\r\n\r\n--x1--\r\n");
        part.into_bytes()
    }

    #[test]
    fn the_file_is_what_stands_between_the_boundaries() {
        let named = "Content-Disposition: form-data; name=\"file\"; filename=\"u.csv\"";
        for (headers, format, is_gzip) in [
            (
                format!("{named}\r\nContent-Type: text/csv"),
                Format::Csv,
                false,
            ),
            (
                format!("{named}\r\ncontent-type:application/octet-stream"),
                Format::Csv,
                false,
            ),
            (named.replace("u.csv", "u.jsonl.gz"), Format::Ndjson, true),
            (named.replace("u.csv", "u; 2.csv"), Format::Csv, false),
            (
                "Content-Type: application/json".to_owned(),
                Format::Json,
                false,
            ),
        ] {
            let body = form(&headers);
            let expected = File {
                format,
                is_gzip,
                content: b"email\r\n--x2\r\n",
            };
            assert_eq!(file(&body, "x1").unwrap(), expected, "{headers}");
        }
    }

    #[test]
    fn a_form_without_exactly_one_readable_file_is_refused() {
        let part = "--x\r\nContent-Type: text/csv\r\n\r\nemail\r\n";
        for (body, expected) in [
            (format!("{part}{part}--x--"), "this one has 2"),
            ("--x--".to_owned(), "this one has 0"),
            (part.to_owned(), "malformed"),
            ("--x\r\nno headers\r\n--x--".to_owned(), "malformed"),
            (
                part.replace("csv", "html") + "--x--",
                "it was sent as \"text/html\"",
            ),
        ] {
            let message = file(body.as_bytes(), "x").unwrap_err().public().message;
            assert!(message.contains(expected), "{body:?}: {message}");
        }
    }
}
