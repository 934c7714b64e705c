//! Cuts NDJSON and JSON arrays into their objects. Arrays may be inside an object, as in `{"users": [...]}`,
//! and pages of an API may follow each other. Objects may also follow each other without an array, as jq
//! prints them.

use std::io::{BufRead, Read as _};

use anyhow::{Context as _, Result, bail, ensure};
use serde::de::IgnoredAny;

use super::record::{MAX_BYTES, Record, Unreadable};
use super::source::checked;

/// What systems call the array of users in an object. Users of Auth0 have identities too.
const LISTS: [&str; 4] = ["users", "Users", "value", FIRST_MEMBER];
const FIRST_MEMBER: &str = "identities";

/// What APIs call the array of whatever they answer. A user may have such an array too.
const ANSWERS: [&str; 9] = [
    "Resources",
    "items",
    "data",
    "results",
    "result",
    "members",
    "records",
    "entries",
    "content",
];

/// What an object has that is a user.
const USER_MEMBERS: [&str; 4] = ["email", "username", "login", "mail"];

/// Stands for the name of an array where there is none, but objects that follow each other.
const NO_ARRAY: &str = "{";

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
            Some(b'{') => match objects.open_list(Lists::Known)? {
                Some(found) => list = found,
                None => return Ok(no_array()),
            },
            _ => bail!("the file is not a JSON array"),
        }
    }
    objects.record(list.into_bytes(), objects.line)
}

/// The header of a text that is objects alone.
fn no_array() -> Record {
    Record {
        raw: NO_ARRAY.to_owned(),
        line: 1,
        problem: None,
        end: 0,
        next_line: 1,
    }
}

/// Whether a text has an object on each line. It begins with an object on one line that has no array of users.
pub(super) fn is_lines<R: BufRead>(reader: R) -> Result<bool> {
    let mut objects = Objects::new(reader, true, "", 0, 1);
    let is_object = objects.skip_space()? == Some(b'{');
    let line = objects.line;
    Ok(is_object
        && match objects.open_list(Lists::Known) {
            Ok(Some(_)) => false,
            Ok(None) => objects.line == line,
            // Where the first object cannot be read, reading it as a line says so.
            Err(_) => true,
        })
}

/// Which arrays of an object are looked for.
#[derive(Clone, Copy)]
enum Lists<'a> {
    /// Those of users, by their usual names.
    Known,
    /// The one with this name.
    Named(&'a str),
    None,
}

impl Lists<'_> {
    /// Whether a member is one of them, by its name and those before it.
    fn contains(self, name: &str, before: &[String]) -> bool {
        let is_user = || {
            let mut before = before.iter();
            before.any(|name| USER_MEMBERS.contains(&name.to_lowercase().as_str()))
        };
        match self {
            Self::Known if name == FIRST_MEMBER => before.is_empty(),
            Self::Known => LISTS.contains(&name) || (ANSWERS.contains(&name) && !is_user()),
            Self::Named(wanted) => name == wanted,
            Self::None => false,
        }
    }
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

    /// A value, which need not be JSON. The API would refuse a whole array for it.
    fn value_record(&self, raw: Vec<u8>, line: u64) -> Result<Record> {
        let mut record = self.record(raw, line)?;
        let value: Result<IgnoredAny, _> = serde_json::from_str(&record.raw);
        record.problem = value.is_err().then_some(Unreadable::Json);
        Ok(record)
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

    /// An object of several that follow each other.
    fn object(&mut self) -> Result<Option<Record>> {
        let first = self.skip_separators()?;
        let line = self.line;
        match first {
            None => return Ok(None),
            Some(b'{') => {}
            Some(_) => bail!("line {line}: text stands between the objects"),
        }
        let mut raw = Vec::new();
        let mut is_closed = false;
        self.value(b"", |byte, depth| {
            raw.push(byte);
            is_closed = depth == 0;
            ensure!(
                raw.len() < MAX_BYTES,
                "line {line}: an object is longer than a megabyte"
            );
            Ok(!is_closed)
        })?;
        ensure!(is_closed, "line {line}: the object is never closed");
        self.value_record(raw, line).map(Some)
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
        self.value(b",]", |byte, _| {
            raw.push(byte);
            ensure!(
                raw.len() < MAX_BYTES,
                "line {line}: an element of the array is longer than a megabyte"
            );
            Ok(true)
        })?;
        self.value_record(raw.trim_ascii().to_vec(), line).map(Some)
    }

    /// Steps from the end of an array to the beginning of the next one, if another page of users follows.
    fn open_next_list(&mut self) -> Result<bool> {
        self.consume(b']');
        if !self.list.is_empty() {
            self.open_list(Lists::None)?;
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
                    if self.open_list(Lists::Named(&list))?.is_some() {
                        return Ok(true);
                    }
                }
                Some(_) => bail!("line {}: text follows the array of users", self.line),
            }
        }
    }

    /// Steps over the members of an object to the first array that is looked for, or to the end of the object.
    fn open_list(&mut self, lists: Lists<'_>) -> Result<Option<String>> {
        let mut before = Vec::new();
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
            self.value(b":", |byte, _| {
                name.push(byte);
                Ok(true)
            })?;
            let name: String = serde_json::from_slice(&name)
                .with_context(|| format!("line {}: the object is not JSON", self.line))?;
            self.consume(b':');
            let first = self.skip_space()?;
            if first == Some(b'[') && lists.contains(&name, &before) {
                self.consume(b'[');
                // A user may have a list of this name too, but of something other than objects.
                if matches!(self.skip_space()?, Some(b'{' | b']')) {
                    return Ok(Some(name));
                }
                self.value(b"]", |_, _| Ok(true))?;
            }
            before.push(name);
            self.value(b",}", |_, _| Ok(true))?;
        }
    }

    /// Steps over a value, up to one of these bytes behind it. It ends where `keep`, which is told how many
    /// brackets are open behind a byte, says so.
    fn value(
        &mut self,
        ends: &[u8],
        mut keep: impl FnMut(u8, usize) -> Result<bool>,
    ) -> Result<()> {
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        while let Some(byte) = self.peek()? {
            if depth == 0 && !is_text && ends.contains(&byte) {
                break;
            }
            self.consume(byte);
            if is_text {
                is_text = is_escaped || byte != b'"';
                is_escaped = !is_escaped && byte == b'\\';
            } else {
                match byte {
                    b'"' => is_text = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            if !keep(byte, depth)? {
                break;
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
        } else if self.is_array && self.list == NO_ARRAY {
            self.object()
        } else if self.is_array {
            self.element()
        } else {
            self.line()
        };
        found.transpose()
    }
}

#[cfg(test)]
mod tests;
