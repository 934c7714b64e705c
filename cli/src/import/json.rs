//! Cuts NDJSON and JSON arrays into their objects.

use std::io::{BufRead, Read as _};

use anyhow::{Context as _, Result, ensure};

use super::record::{MAX_BYTES, Record};
use super::source::checked;

/// The objects of a text, from some place on.
pub(super) struct Objects<R> {
    reader: R,
    is_array: bool,
    offset: u64,
    line: u64,
}

/// What comes before the objects: the bracket of an array, or nothing.
pub(super) fn header(reader: impl BufRead, is_array: bool) -> Result<Record> {
    let mut objects = Objects::new(reader, is_array, 0, 1);
    if is_array {
        let first = objects.skip_bytes(|byte| byte.is_ascii_whitespace())?;
        ensure!(first == Some(b'['), "the file is no JSON array");
        objects.consume(b'[');
    }
    objects.record(Vec::new(), objects.line)
}

impl<R: BufRead> Objects<R> {
    /// The objects after byte `offset`, which is on line `line`.
    pub(super) fn new(reader: R, is_array: bool, offset: u64, line: u64) -> Self {
        Self {
            reader,
            is_array,
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

    fn all(is_array: bool, text: &str) -> Vec<(String, u64)> {
        Objects::new(text.as_bytes(), is_array, 0, 1)
            .map(|record| record.map(|record| (record.raw, record.line)).unwrap())
            .collect()
    }

    fn record(raw: &str, line: u64) -> (String, u64) {
        (raw.to_owned(), line)
    }

    #[test]
    fn lines_of_ndjson_are_taken_as_they_are() {
        assert_eq!(
            all(false, "{\"a\":\"\\\"\"}\n\n nonsense\n"),
            [record("{\"a\":\"\\\"\"}", 1), record(" nonsense", 3)]
        );
    }

    #[test]
    fn elements_of_an_array_are_found_whatever_their_strings_hold() {
        let text = " {\"a\": \"],}\\\"\",\n \"b\": [1, {}]} ,\n{}\n]";
        assert_eq!(
            all(true, text),
            [
                record("{\"a\": \"],}\\\"\",\n \"b\": [1, {}]}", 1),
                record("{}", 3),
            ]
        );
    }
}
