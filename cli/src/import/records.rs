//! Cuts a file into users without reading them: each is sent as the file has it, and the service
//! judges it.

use std::io::{BufRead, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use clap::ValueEnum;
use csv_reader::Problem;

use super::csv::{self, Rows};
use super::source::checked;

/// No user is longer than this; a quote that is never closed would make one as long as the file.
pub(super) const MAX_BYTES: usize = 1 << 20;

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
    pub(super) raw: String,
    /// Where it begins, counted from 1, or where its problem is.
    pub(super) line: u64,
    /// Why no API can read it.
    pub(super) problem: Option<Problem>,
    /// The byte and the line on which the search for the next one begins.
    pub(super) end: u64,
    pub(super) next_line: u64,
}

/// The JSON objects of a file, from some place on.
struct Objects<R> {
    reader: R,
    is_array: bool,
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
pub(super) fn header(reader: impl BufRead, format: Format) -> Result<Record> {
    if format == Format::Csv {
        return csv::header(reader);
    }
    let mut objects = Objects::new(reader, format, 0, 1);
    if objects.is_array {
        let first = objects.skip_bytes(|byte| byte.is_ascii_whitespace())?;
        ensure!(first == Some(b'['), "the file is no JSON array");
        objects.consume(b'[');
    }
    objects.record(Vec::new(), objects.line)
}

/// The users after byte `offset`, which is on line `line`.
pub(super) fn after<'r>(
    reader: impl BufRead + 'r,
    format: Format,
    header: &Record,
    offset: u64,
    line: u64,
) -> Box<dyn Iterator<Item = Result<Record>> + 'r> {
    match format {
        Format::Csv => Box::new(Rows::new(reader, &header.raw, offset, line)),
        Format::Ndjson | Format::Json => Box::new(Objects::new(reader, format, offset, line)),
    }
}

impl<R: BufRead> Objects<R> {
    fn new(reader: R, format: Format, offset: u64, line: u64) -> Self {
        Self {
            reader,
            is_array: format == Format::Json,
            offset,
            line,
        }
    }

    fn record(&self, raw: Vec<u8>, line: u64) -> Result<Record> {
        Ok(Record {
            raw: checked(raw, line)?,
            line,
            problem: None,
            end: self.offset,
            next_line: self.line,
        })
    }

    /// A line that is not blank.
    fn line(&mut self) -> Result<Option<Record>> {
        loop {
            let line = self.line;
            let mut raw = Vec::new();
            let mut reader = self.reader.by_ref().take(MAX_BYTES as u64 + 1);
            let length = reader
                .read_until(b'\n', &mut raw)
                .context("cannot read the file")?;
            ensure!(
                length <= MAX_BYTES,
                "line {line}: the line is longer than a megabyte"
            );
            if length == 0 {
                return Ok(None);
            }
            self.offset += length as u64;
            self.line += u64::from(raw.ends_with(b"\n"));
            while raw.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
                raw.pop();
            }
            if !raw.trim_ascii().is_empty() {
                return self.record(raw, line).map(Some);
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
        self.record(raw.trim_ascii().to_vec(), line).map(Some)
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

impl<R: BufRead> Iterator for Objects<R> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = if self.is_array {
            self.element()
        } else {
            self.line()
        };
        found.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: Format, text: &str) -> Vec<(String, u64)> {
        Objects::new(text.as_bytes(), format, 0, 1)
            .map(|record| record.map(|record| (record.raw, record.line)).unwrap())
            .collect()
    }

    fn record(raw: &str, line: u64) -> (String, u64) {
        (raw.to_owned(), line)
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
            (Format::Csv, "h,i\na,1\n\n\"b\nc\",2\r\nd,3\n"),
            (Format::Csv, "\"sep=;\"\rh;i\rx\"y;\r\"b\rc\";2\rd;3\r"),
            (Format::Ndjson, "{\"a\":1}\n\n{\"b\":2}\r\n{}"),
            (Format::Json, " [{\"a\":1},\n{\"b\":2}\n,{\"c\":3}]"),
        ] {
            let header = header(text.as_bytes(), format).unwrap();
            let behind = |record: &Record| -> Vec<Record> {
                let rest = &text.as_bytes()[usize::try_from(record.end).unwrap()..];
                after(rest, format, &header, record.end, record.next_line)
                    .map(Result::unwrap)
                    .collect()
            };
            let whole = behind(&header);
            assert_eq!(whole.len(), 3);
            for (place, record) in whole.iter().enumerate() {
                assert_eq!(behind(record), whole[place + 1..]);
            }
        }
    }
}
