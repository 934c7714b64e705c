//! Cuts NDJSON and JSON arrays into their objects. Arrays may be inside an object, as in `{"users": [...]}`,
//! and pages of an API may follow each other.

use std::io::{BufRead, Read as _};

use anyhow::{Context as _, Result, bail, ensure};

use super::record::{MAX_BYTES, Record};
use super::source::checked;

/// What systems call the array of users in an object. Users of Auth0 have identities too.
const LISTS: [&str; 4] = ["users", "Users", "value", FIRST_MEMBER];
const FIRST_MEMBER: &str = "identities";

/// The objects of a text, from some place on.
pub(super) struct Objects<R> {
    reader: R,
    is_array: bool,
    /// The member that has the array, or empty text if the array is all that there is.
    list: String,
    is_finished: bool,
    offset: u64,
    line: u64,
}

/// What comes before the objects: the bracket of an array, or nothing. It names the member of an object that
/// has the array.
pub(super) fn header(reader: impl BufRead, is_array: bool) -> Result<Record> {
    let mut objects = Objects::new(reader, is_array, "", 0, 1);
    let mut list = String::new();
    if is_array {
        match objects.skip_space()? {
            Some(b'[') => objects.consume(b'['),
            Some(b'{') => {
                list = objects
                    .open_list(&LISTS)?
                    .with_context(|| format!("the file has no array {}", LISTS.join(" or ")))?;
            }
            _ => bail!("the file is not a JSON array"),
        }
    }
    objects.record(list.into_bytes(), objects.line)
}

/// Whether a text has an object on each line. It begins with an object that has no array of users.
pub(super) fn is_lines<R: BufRead>(reader: R) -> Result<bool> {
    let mut objects = Objects::new(reader, true, "", 0, 1);
    let is_object = objects.skip_space()? == Some(b'{');
    // Where the first object cannot be read, reading it as a line says so.
    Ok(is_object && !matches!(objects.open_list(&LISTS), Ok(Some(_))))
}

impl<R: BufRead> Objects<R> {
    /// The objects after byte `offset`, which is on line `line`.
    pub(super) fn new(reader: R, is_array: bool, list: &str, offset: u64, line: u64) -> Self {
        Self {
            reader,
            is_array,
            list: list.to_owned(),
            is_finished: false,
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
        let mut first = self.skip_separators()?;
        while first == Some(b']') {
            if !self.open_next_list()? {
                self.is_finished = true;
                return Ok(None);
            }
            first = self.skip_separators()?;
        }
        let line = self.line;
        ensure!(first.is_some(), "line {line}: the array is never closed");
        let mut raw = Vec::new();
        self.value(b",]", |byte| {
            raw.push(byte);
            ensure!(
                raw.len() < MAX_BYTES,
                "line {line}: an element of the array is longer than a megabyte"
            );
            Ok(())
        })?;
        self.record(raw.trim_ascii().to_vec(), line).map(Some)
    }

    /// Steps from the end of an array to the beginning of the next one, if another page of users follows.
    fn open_next_list(&mut self) -> Result<bool> {
        self.consume(b']');
        if !self.list.is_empty() {
            self.open_list(&[])?;
        }
        loop {
            match self.skip_space()? {
                None => return Ok(false),
                Some(b'[') if self.list.is_empty() => {
                    self.consume(b'[');
                    return Ok(true);
                }
                Some(b'{') if !self.list.is_empty() => {
                    let list = self.list.clone();
                    if self.open_list(&[&list])?.is_some() {
                        return Ok(true);
                    }
                }
                Some(_) => bail!("line {}: text follows the array of users", self.line),
            }
        }
    }

    /// Steps over the members of an object to the first array that has one of these names, or to the end of
    /// the object.
    fn open_list(&mut self, names: &[&str]) -> Result<Option<String>> {
        let mut is_first = true;
        loop {
            match self.skip_bytes(|byte| byte.is_ascii_whitespace() || b"{,".contains(&byte))? {
                None => bail!("line {}: the object is never closed", self.line),
                Some(b'}') => {
                    self.consume(b'}');
                    return Ok(None);
                }
                Some(_) => {}
            }
            let mut name = Vec::new();
            self.value(b":", |byte| {
                name.push(byte);
                Ok(())
            })?;
            let name: String = serde_json::from_slice(&name)
                .with_context(|| format!("line {}: the object is not JSON", self.line))?;
            self.consume(b':');
            let first = self.skip_space()?;
            let is_list = names.contains(&name.as_str()) && (is_first || name != FIRST_MEMBER);
            is_first = false;
            if first == Some(b'[') && is_list {
                self.consume(b'[');
                // A user may have a list of this name too, but of something other than objects.
                if matches!(self.skip_space()?, Some(b'{' | b']')) {
                    return Ok(Some(name));
                }
                self.value(b"]", |_| Ok(()))?;
            }
            self.value(b",}", |_| Ok(()))?;
        }
    }

    /// Steps over a value, up to one of these bytes behind it.
    fn value(&mut self, ends: &[u8], mut keep: impl FnMut(u8) -> Result<()>) -> Result<()> {
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        while let Some(byte) = self.peek()? {
            if depth == 0 && !is_text && ends.contains(&byte) {
                break;
            }
            self.consume(byte);
            keep(byte)?;
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
        Ok(())
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

    fn skip_space(&mut self) -> Result<Option<u8>> {
        self.skip_bytes(|byte| byte.is_ascii_whitespace())
    }

    fn skip_separators(&mut self) -> Result<Option<u8>> {
        self.skip_bytes(|byte| byte.is_ascii_whitespace() || byte == b',')
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
        let found = if self.is_finished {
            Ok(None)
        } else if self.is_array {
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

    fn read(is_array: bool, text: &str) -> Result<Vec<(String, u64)>> {
        let header = header(text.as_bytes(), is_array)?;
        let rest = &text.as_bytes()[usize::try_from(header.end)?..];
        let objects = Objects::new(rest, is_array, &header.raw, header.end, header.next_line);
        let pair = |record: Result<Record>| record.map(|record| (record.raw, record.line));
        objects.map(pair).collect()
    }

    fn all(is_array: bool, text: &str) -> Vec<(String, u64)> {
        read(is_array, text).unwrap()
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
        let text = " [{\"a\": \"],}\\\"\",\n \"b\": [1, {}]} ,\n{}\n]";
        assert_eq!(
            all(true, text),
            [
                record("{\"a\": \"],}\\\"\",\n \"b\": [1, {}]}", 1),
                record("{}", 3),
            ]
        );
    }

    #[test]
    fn an_array_may_be_a_member_of_an_object_between_others() {
        let text = "{\"realm\": \"]}\", \"value\": [\"a\", {\"users\": [{}]}],\n\"users\" : [ {\"a\": 1},\n{}], \"more\": {}}\n";
        assert_eq!(all(true, text), [record("{\"a\": 1}", 2), record("{}", 3)]);
        assert_eq!(all(true, "{\"users\": []}"), []);
        for other in [text, "[{}]", "1"] {
            assert!(!is_lines(other.as_bytes()).unwrap(), "{other}");
        }
        for lines in [
            "{\"value\": 1}\n{}",
            "{\"users\": [1]}",
            "{\"a\": 1, \"identities\": [{}]}",
            "{",
        ] {
            assert!(is_lines(lines.as_bytes()).unwrap(), "{lines}");
        }
    }

    #[test]
    fn pages_may_follow_each_other_and_other_text_may_not() {
        let expected = [record("1", 1), record("2", 1), record("3", 2)];
        assert_eq!(all(true, "[1,2]\n[][3]\n"), expected);
        let pages = "{\"Users\":[{}],\"Next\":\"a\"}\n{\"Users\":[]}{\"Users\":[{}]}";
        assert_eq!(all(true, pages), [record("{}", 1), record("{}", 2)]);
        for (text, message) in [
            ("[1]\nx", "line 2: text follows the array of users"),
            ("[1][2", "line 1: the array is never closed"),
            ("{\"users\":[{}]", "line 1: the object is never closed"),
            (
                "{\"users\":1}",
                "the file has no array users or Users or value or identities",
            ),
        ] {
            assert_eq!(read(true, text).unwrap_err().to_string(), message);
        }
    }
}
