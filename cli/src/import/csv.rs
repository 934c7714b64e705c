//! Cuts CSV into the same rows as the service.

use std::io::{BufRead, Read as _};
use std::mem;

use anyhow::{Context as _, Result, bail, ensure};
use csv_reader::Problem;

use super::field::{is_known_column, letters};
use super::record::{MAX_BYTES, Record, Unreadable};
use super::source::checked;

/// How much is read at a time.
const PART_BYTES: u64 = 1 << 16;

/// The rows of a text, from some place on. It is read in parts.
pub(super) struct Rows<R> {
    reader: R,
    delimiter: u8,
    /// What was read last, and where the next row begins in it.
    part: String,
    position: usize,
    /// The beginning of a character that goes on in the next part.
    tail: Vec<u8>,
    is_last: bool,
    offset: u64,
    line: u64,
}

/// What Microsoft Entra ID and Windows PowerShell write above the header row.
const PREAMBLES: [&str; 2] = ["version:v", "#TYPE "];

/// The columns of a header row, and what separates them.
pub(super) fn columns(header: &str) -> (Vec<String>, u8) {
    let mut records = csv_reader::Records::of_file(header);
    let cells = records.next().and_then(Result::ok);
    let cells = cells.into_iter().flat_map(|record| record.cells);
    let columns = cells.map(|cell| cell.text.trim().to_owned()).collect();
    (columns, records.delimiter())
}

/// The header row, with what comes before it: a line such as `sep=;`. A title above it is left out.
pub(super) fn header(reader: impl BufRead) -> Result<Record> {
    let mut rows = Rows::new(reader, "", 0, 1);
    loop {
        rows.read_part()?;
        ensure!(
            !rows.part.trim_start().starts_with('<'),
            "the file is HTML or XML: export the users as CSV or JSON"
        );
        let mut records = csv_reader::Records::of_file(&rows.part);
        if !rows.is_last {
            records = records.of_part();
        }
        let mut first = records.next();
        let (mut start, mut lines) = (0, 0);
        if let Some(Ok(title)) = &first
            && is_title(title, &rows.part[records.position()..])
        {
            (start, lines) = (records.position(), records.line() - 1);
            records = csv_reader::Records::of_file(&rows.part[start..]);
            if !rows.is_last {
                records = records.of_part();
            }
            first = records.next();
        }
        match first {
            Some(Ok(_)) => {
                let end = start + records.position();
                return Ok(Record {
                    raw: rows.part[start..end]
                        .trim_end_matches(['\r', '\n'])
                        .to_owned(),
                    line: 1,
                    problem: None,
                    end: end as u64,
                    next_line: (lines + records.line()) as u64,
                });
            }
            Some(Err(error)) => bail!("line {}: {}", error.line, error.problem),
            None => {
                ensure!(!rows.is_last, "the file has no header row");
                ensure!(
                    rows.part.len() <= MAX_BYTES,
                    "the header row is longer than a megabyte"
                );
            }
        }
    }
}

/// Whether a row is the title of a table, whose header row is the next one: that has several columns, of which
/// one is an email, and no user.
fn is_title(row: &csv_reader::Record<'_>, rest: &str) -> bool {
    let title = match &row.cells[..] {
        [title, ..] if row.filled_count == 1 => &title.text,
        _ => return false,
    };
    if PREAMBLES.iter().any(|start| title.starts_with(start)) {
        return true;
    }
    let Some(Ok(next)) = csv_reader::Records::of_file(rest).next() else {
        return false;
    };
    let mut names = next.cells.iter().map(|cell| letters(&cell.text));
    let is_user = next.cells.iter().any(|cell| cell.text.contains('@'));
    next.filled_count > 1
        && names.any(|name| name.contains("mail"))
        && !is_user
        && !is_known_column(title)
}

fn check_length(length: usize, line: u64) -> Result<()> {
    ensure!(
        length <= MAX_BYTES,
        "line {line}: the row is longer than a megabyte; is a quote never closed?"
    );
    Ok(())
}

impl<R: BufRead> Rows<R> {
    /// The rows after byte `offset`, which is on line `line`, below a header.
    pub(super) fn new(reader: R, header: &str, offset: u64, line: u64) -> Self {
        Self {
            reader,
            delimiter: csv_reader::Records::of_file(header).delimiter(),
            part: String::new(),
            position: 0,
            tail: Vec::new(),
            is_last: false,
            offset,
            line,
        }
    }

    fn row(&mut self) -> Result<Option<Record>> {
        loop {
            let text = &self.part[self.position..];
            let mut rows = csv_reader::Records::resume(text, self.delimiter, 1).keeping(0);
            if !self.is_last {
                rows = rows.of_part();
            }
            let found = match rows.next() {
                None => None,
                Some(Ok(row)) => Some((row.line, row.raw.to_owned(), None)),
                Some(Err(row)) => Some((row.line, row.raw.to_owned(), Some(row.problem))),
            };
            let before = self.line - 1;
            let (length, next_line) = (rows.position(), rows.line());
            self.position += length;
            self.offset += length as u64;
            self.line = before + next_line as u64;
            let Some((line, raw, problem)) = found else {
                if self.is_last {
                    return Ok(None);
                }
                check_length(self.part.len() - self.position, self.line)?;
                self.read_part()?;
                continue;
            };
            let line = before + line as u64;
            ensure!(
                problem != Some(Problem::UnclosedQuote),
                "line {line}: a quote is never closed"
            );
            check_length(raw.len(), line)?;
            return Ok(Some(Record {
                raw,
                line,
                problem: problem.map(Unreadable::Csv),
                end: self.offset,
                next_line: self.line,
            }));
        }
    }

    /// Reads more, and forgets the rows before.
    fn read_part(&mut self) -> Result<()> {
        let mut bytes = mem::take(&mut self.part).into_bytes();
        bytes.drain(..mem::take(&mut self.position));
        bytes.append(&mut self.tail);
        let mut reader = self.reader.by_ref().take(PART_BYTES);
        let length = reader
            .read_to_end(&mut bytes)
            .context("cannot read the file")?;
        self.is_last = length == 0;
        if let Err(error) = str::from_utf8(&bytes)
            && error.error_len().is_none()
            && !self.is_last
        {
            self.tail = bytes.split_off(error.valid_up_to());
        }
        self.part = checked(bytes, self.line)?;
        Ok(())
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line, text and problem of every row below a header.
    fn rows(header: &str, text: &[u8]) -> Result<Vec<(u64, String, Option<Unreadable>)>> {
        let rows = Rows::new(text, header, 0, 1);
        let row = |row: Record| (row.line, row.raw, row.problem);
        rows.map(|found| found.map(row)).collect()
    }

    fn error(text: &[u8]) -> String {
        rows("a,b", text).unwrap_err().to_string()
    }

    #[test]
    fn rows_may_span_lines_and_lines_may_end_as_on_every_platform() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "\"x", "\"\"y\",z", ",", "last,1"].join(end);
            assert_eq!(
                rows("a,b", text.as_bytes()).unwrap(),
                [
                    (1, "a,b".to_owned(), None),
                    (3, format!("\"x{end}\"\"y\",z"), None),
                    (6, "last,1".to_owned(), None)
                ]
            );
        }
    }

    #[test]
    fn a_misplaced_quote_is_a_problem_of_its_row_alone() {
        assert_eq!(
            rows("a;b", b"a;5\" x\n\"b\";c\n").unwrap(),
            [
                (
                    1,
                    "a;5\" x".to_owned(),
                    Some(Unreadable::Csv(Problem::QuoteInsideCell))
                ),
                (2, "\"b\";c".to_owned(), None),
            ]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error() {
        assert_eq!(
            error(b"a,b\n\"c,d\ne,f\n"),
            "line 2: a quote is never closed"
        );
        let long = ["a,b\n\"c,", &"d\n".repeat(MAX_BYTES)].concat();
        assert_eq!(
            error(long.as_bytes()),
            "line 2: the row is longer than a megabyte; is a quote never closed?"
        );
    }

    #[test]
    fn parts_of_a_file_have_the_rows_of_the_whole() {
        let row = "é,\"名\r\n\"\"🔥\"\r\n\r\nb\"c,d\r\n";
        let text = row.repeat(20_000);
        let found = rows("a,b", text.as_bytes()).unwrap();
        let raw = [
            ("é,\"名\r\n\"\"🔥\"", None),
            ("b\"c,d", Some(Unreadable::Csv(Problem::QuoteInsideCell))),
        ];
        for (place, (line, found, problem)) in found.iter().enumerate() {
            assert_eq!((found.as_str(), *problem), raw[place % 2]);
            assert_eq!(*line, 1 + place as u64 / 2 * 4 + place as u64 % 2 * 3);
        }
        assert_eq!(found.len(), 40_000);
    }

    #[test]
    fn the_header_keeps_a_line_that_names_the_delimiter() {
        let found = header(&b"sep=|\r\n\r\nemail|username\r\na|b\r\n"[..]).unwrap();
        assert_eq!(found.raw, "sep=|\r\n\r\nemail|username");
        assert_eq!((found.end, found.next_line), (25, 4));
        let versioned = header(&b"version:v1.0,,\nName,User name,\nAda,ada,\n"[..]).unwrap();
        assert_eq!(
            (versioned.raw.as_str(), versioned.end),
            ("Name,User name,", 31)
        );
        for title in ["#TYPE Selected.User", "Table 1", "Active users;;"] {
            let text = format!("{title}\nE-Mail;Name\na@example.com;a\n");
            let found = header(text.as_bytes()).unwrap();
            assert_eq!((found.raw.as_str(), found.next_line), ("E-Mail;Name", 3));
            assert_eq!(found.end, text.find("a@").unwrap() as u64);
        }
        for untitled in [
            "email\nE-Mail;Name\n",
            "Login\nmail,a@example.com\n",
            "Login\na,b\n",
        ] {
            let found = header(untitled.as_bytes()).unwrap();
            assert_eq!(found.raw, untitled.lines().next().unwrap());
        }
        let long = ["a,".repeat(100_000), "b\n1\n".to_owned()].concat();
        assert_eq!(header(long.as_bytes()).unwrap().raw, long[..200_001]);
        let error = |text: &[u8]| header(text).unwrap_err().to_string();
        assert_eq!(error(b"\n \n"), "the file has no header row");
        assert_eq!(
            error(b"<!DOCTYPE html>\n<p class=\"a\">"),
            "the file is HTML or XML: export the users as CSV or JSON"
        );
        assert_eq!(
            error(b"\na\"b,c\n"),
            "line 2: a quote stands inside a cell that does not begin with one"
        );
    }
}
