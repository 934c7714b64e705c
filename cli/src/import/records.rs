//! Cuts a file into users without reading them: each is sent as the file has it, and the service
//! judges it.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;

/// No user is longer than this; a quote that is never closed would make one as long as the file.
const MAX_BYTES: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A header row and a user on each row after it
    Csv,
    /// A JSON object on each line
    Ndjson,
    /// An array of JSON objects
    Json,
}

/// One user of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// As the file has it, without the end of the line.
    pub(super) raw: Vec<u8>,
    /// Where it begins, counted from 1.
    pub(super) line: u64,
    /// The byte and the line on which the search for the next one begins.
    pub(super) end: u64,
    pub(super) next_line: u64,
}

/// The users of a file, from some place on.
pub(super) struct Records<R> {
    reader: R,
    format: Format,
    offset: u64,
    line: u64,
}

impl Format {
    /// What the end of a file's name says.
    pub(super) fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// How the names of such files end.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }

    /// The media type.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }
}

/// What comes before the users: the header row of CSV, the bracket of an array, nothing.
pub(super) fn header(file: &mut File, format: Format) -> Result<Record> {
    file.rewind().context("cannot read the file")?;
    let mut reader = BufReader::new(file);
    let start = reader.fill_buf().context("cannot read the file")?;
    let mark = if start.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    reader.consume(mark);
    let mut records = Records::new(reader, format, mark as u64, 1);
    match format {
        Format::Csv => records
            .next()
            .context("the file has no header row")?
            .context("the header row cannot be read"),
        Format::Ndjson => Ok(records.nothing()),
        Format::Json => {
            let first = records.skip_bytes(|byte| byte.is_ascii_whitespace())?;
            ensure!(first == Some(b'['), "the file is no JSON array");
            records.consume(b'[');
            Ok(records.nothing())
        }
    }
}

impl<R: BufRead> Records<R> {
    /// The users after byte `offset`, which is on line `line`.
    pub(super) fn new(reader: R, format: Format, offset: u64, line: u64) -> Self {
        Self {
            reader,
            format,
            offset,
            line,
        }
    }

    fn nothing(&self) -> Record {
        self.record(Vec::new(), self.line)
    }

    fn record(&self, raw: Vec<u8>, line: u64) -> Record {
        Record {
            raw,
            line,
            end: self.offset,
            next_line: self.line,
        }
    }

    /// A line, and as many more as it takes to close its quotes, if quotes matter.
    fn lines(&mut self, is_quoted: bool) -> Result<Option<Record>> {
        loop {
            let line = self.line;
            let mut raw = Vec::new();
            let mut is_open = false;
            loop {
                let start = raw.len();
                let length = self
                    .reader
                    .read_until(b'\n', &mut raw)
                    .context("cannot read the file")?;
                self.offset += length as u64;
                self.line += u64::from(raw.ends_with(b"\n") && length > 0);
                for &byte in &raw[start..] {
                    is_open ^= is_quoted && byte == b'"';
                }
                if !is_open {
                    break;
                }
                ensure!(length > 0, "line {line}: a quote is never closed");
                ensure!(
                    raw.len() < MAX_BYTES,
                    "line {line}: a quote is opened and not closed within a megabyte"
                );
            }
            if raw.is_empty() {
                return Ok(None);
            }
            while raw.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                raw.pop();
            }
            if !raw.trim_ascii().is_empty() {
                return Ok(Some(self.record(raw, line)));
            }
        }
    }

    /// An element of an array.
    fn element(&mut self) -> Result<Option<Record>> {
        let first = self.skip_bytes(|byte| byte.is_ascii_whitespace() || byte == b',')?;
        let line = self.line;
        let Some(first) = first else {
            anyhow::bail!("line {line}: the array is never closed");
        };
        if first == b']' {
            return Ok(None);
        }
        let mut raw = Vec::new();
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        while let Some(byte) = self.peek()? {
            if depth == 0 && !is_text && matches!(byte, b',' | b']') {
                break;
            }
            self.consume(byte);
            raw.push(byte);
            ensure!(
                raw.len() < MAX_BYTES,
                "line {line}: an element of the array is longer than a megabyte"
            );
            if is_text {
                is_text = is_escaped || byte != b'"';
                is_escaped = !is_escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => is_text = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(Some(self.record(raw.trim_ascii().to_vec(), line)))
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        let buffer = self.reader.fill_buf().context("cannot read the file")?;
        Ok(buffer.first().copied())
    }

    fn consume(&mut self, byte: u8) {
        self.reader.consume(1);
        self.offset += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// Goes to the first byte that is not skipped.
    fn skip_bytes(&mut self, is_skipped: impl Fn(u8) -> bool) -> Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !is_skipped(byte) {
                return Ok(Some(byte));
            }
            self.consume(byte);
        }
        Ok(None)
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.format {
            Format::Csv => self.lines(true),
            Format::Ndjson => self.lines(false),
            Format::Json => self.element(),
        }
        .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: Format, text: &str) -> Vec<(String, u64)> {
        let records = Records::new(text.as_bytes(), format, 0, 1);
        records
            .map(|record| {
                let record = record.unwrap();
                (String::from_utf8(record.raw).unwrap(), record.line)
            })
            .collect()
    }

    fn record(raw: &str, line: u64) -> (String, u64) {
        (raw.to_owned(), line)
    }

    #[test]
    fn rows_of_csv_may_span_lines() {
        assert_eq!(
            all(Format::Csv, "a,b\r\n\r\n\"x\n\"\"y\",z\nlast,1"),
            [
                record("a,b", 1),
                record("\"x\n\"\"y\",z", 3),
                record("last,1", 5)
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error() {
        let mut records = Records::new("a,b\n\"c,d\ne,f\n".as_bytes(), Format::Csv, 0, 1);
        let error = records.find_map(Result::err).unwrap();
        assert_eq!(error.to_string(), "line 2: a quote is never closed");
    }

    #[test]
    fn lines_of_ndjson_are_taken_as_they_are() {
        assert_eq!(
            all(Format::Ndjson, "{\"a\":\"\\\"\"}\n\n nonsense\n"),
            [record("{\"a\":\"\\\"\"}", 1), record(" nonsense", 3)]
        );
    }

    #[test]
    fn elements_of_an_array_are_found_whatever_their_strings_hold() {
        let text = " {\"a\": \"],}\\\"\",\n \"b\": [1, {}]} ,\n{}\n]";
        assert_eq!(
            all(Format::Json, text),
            [
                record("{\"a\": \"],}\\\"\",\n \"b\": [1, {}]}", 1),
                record("{}", 3),
            ]
        );
    }

    #[test]
    fn reading_can_go_on_behind_any_record() {
        for (format, text) in [
            (Format::Csv, "a,1\n\"b\nc\",2\nd,3\n"),
            (Format::Json, "{\"a\":1},\n{\"b\":2}\n,{\"c\":3}]"),
        ] {
            let mut records = Records::new(text.as_bytes(), format, 0, 1);
            let whole: Vec<_> = records.by_ref().map(Result::unwrap).collect();
            let first = &whole[0];
            let rest = &text.as_bytes()[usize::try_from(first.end).unwrap()..];
            let mut records = Records::new(rest, format, first.end, first.next_line);
            let after: Vec<_> = records.by_ref().map(Result::unwrap).collect();
            assert_eq!(after, whole[1..]);
        }
    }
}
