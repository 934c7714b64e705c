//! Records of comma-separated values, whatever they mean.

use std::borrow::Cow;

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'t> {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// Its first cells, up to the limit of [`Records`].
    pub(super) cells: Vec<Cow<'t, str>>,
    /// How many cells it has.
    pub(super) cell_count: usize,
}

/// Why the rest of a text cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) line: usize,
    pub(super) problem: &'static str,
}

/// The records of a text; blank lines are none. After an error there are no more.
pub(super) struct Records<'t> {
    rest: &'t str,
    line: usize,
    max_cells: usize,
}

/// What follows a cell.
enum End {
    Cell,
    Record,
}

impl<'t> Records<'t> {
    /// Of each record, `max_cells` cells are kept and the others counted: a cell takes many times as
    /// much memory as a comma.
    pub(super) fn new(text: &'t str, max_cells: usize) -> Self {
        Self {
            rest: text,
            line: 1,
            max_cells,
        }
    }

    fn record(&mut self) -> Result<Record<'t>, Malformed> {
        let line = self.line;
        let mut cells = Vec::new();
        let mut cell_count = 0;
        loop {
            let cell = match self.rest.strip_prefix('"') {
                Some(rest) => self.quoted(rest)?,
                None => self.bare()?,
            };
            cell_count += 1;
            if cell_count <= self.max_cells {
                cells.push(cell);
            }
            match self.end()? {
                End::Cell => {}
                End::Record => {
                    return Ok(Record {
                        line,
                        cells,
                        cell_count,
                    });
                }
            }
        }
    }

    /// A cell without quotes: everything up to a comma or the end of the line.
    fn bare(&mut self) -> Result<Cow<'t, str>, Malformed> {
        let end = self.rest.find([',', '\n', '"']).unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        if rest.starts_with('"') {
            return Err(self.malformed("a quote stands inside a cell that does not begin with one"));
        }
        let is_line_end = rest.is_empty() || rest.starts_with('\n');
        let cell = match cell.strip_suffix('\r') {
            Some(cell) if is_line_end => cell,
            _ => cell,
        };
        self.rest = rest;
        Ok(Cow::Borrowed(cell))
    }

    /// A cell in quotes, in which two quotes mean one; `text` begins behind the opening quote.
    fn quoted(&mut self, text: &'t str) -> Result<Cow<'t, str>, Malformed> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut is_escaped = false;
        let end = loop {
            let Some(quote) = text[at..].find('"') else {
                return Err(self.malformed("a quoted cell is never closed"));
            };
            at += quote;
            if bytes.get(at + 1) != Some(&b'"') {
                break at;
            }
            is_escaped = true;
            at += 2;
        };
        let cell = &text[..end];
        self.line += cell.bytes().filter(|&byte| byte == b'\n').count();
        self.rest = &text[end + 1..];
        Ok(if is_escaped {
            Cow::Owned(cell.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(cell)
        })
    }

    fn end(&mut self) -> Result<End, Malformed> {
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            return Ok(End::Cell);
        }
        let line_end = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        match line_end.strip_prefix('\n') {
            Some(rest) => {
                self.rest = rest;
                self.line += 1;
            }
            None if line_end.is_empty() => self.rest = "",
            None => return Err(self.malformed("text stands behind a closing quote")),
        }
        Ok(End::Record)
    }

    fn malformed(&self, problem: &'static str) -> Malformed {
        Malformed {
            line: self.line,
            problem,
        }
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<Record<'t>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let line_end = self.rest.strip_prefix('\r').unwrap_or(self.rest);
            if let Some(rest) = line_end.strip_prefix('\n') {
                self.rest = rest;
                self.line += 1;
                continue;
            }
            let record = self.record();
            if record.is_err() {
                self.rest = "";
            }
            return Some(record);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn records(text: &str) -> Vec<(usize, Vec<String>)> {
        Records::new(text, usize::MAX)
            .map(|record| {
                let record = record.unwrap();
                let cells = record.cells.into_iter().map(Cow::into_owned).collect();
                (record.line, cells)
            })
            .collect()
    }

    fn error(text: &str) -> (usize, &'static str) {
        let error = Records::new(text, usize::MAX)
            .find_map(Result::err)
            .unwrap();
        (error.line, error.problem)
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn cells_and_lines_may_be_written_in_all_allowed_ways() {
        let text = "a,\"b\",\r\n\n\"x \"\"y\"\",\r\nz\",,\"\"\nlast,,end";
        assert_eq!(
            records(text),
            [
                (1, cells(&["a", "b", ""])),
                (3, cells(&["x \"y\",\r\nz", "", ""])),
                (5, cells(&["last", "", "end"])),
            ]
        );
    }

    #[test]
    fn nothing_is_no_record() {
        assert_eq!(records(""), []);
        assert_eq!(records("\r\n\n"), []);
    }

    #[test]
    fn a_misplaced_quote_ends_the_reading_with_its_line() {
        let inside = "a quote stands inside a cell that does not begin with one";
        assert_eq!(error("a,b\nc\"d\",e\n"), (2, inside));
        assert_eq!(
            error("a,\"b\"c\n"),
            (1, "text stands behind a closing quote")
        );
        assert_eq!(
            error("\"a\nb\"\n\"c\nd\n"),
            (3, "a quoted cell is never closed")
        );
    }

    #[test]
    fn cells_beyond_the_limit_are_counted_and_not_kept() {
        let text = format!("a,b,c{}\nd,e\n", ",\"\"\"\"".repeat(1_000_000));
        let records: Vec<_> = Records::new(&text, 2).map(Result::unwrap).collect();
        assert_eq!(records[0].cells, ["a", "b"]);
        assert_eq!(records[0].cell_count, 1_000_003);
        assert_eq!(records[1].cells, ["d", "e"]);
        assert_eq!(records[1].cell_count, 2);
    }

    #[test]
    fn many_quotes_are_read_in_one_pass() {
        let quotes = "\"".repeat(8_000_000);
        assert_eq!(records(&quotes)[0].1[0].len(), 3_999_999);
    }

    /// A cell as RFC 4180 has it written, in quotes where it must be or `always`.
    fn written(cell: &str, always: bool) -> String {
        if always || cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn whatever_was_written_is_read_back(
            rows in vec(vec((any::<String>(), any::<bool>()), 1..5), 1..5),
            ends in prop_oneof![Just("\n"), Just("\r\n")],
        ) {
            let text: String = rows
                .iter()
                .map(|row| {
                    // A single empty cell without quotes is a blank line, which is no record.
                    let is_blank = row.len() == 1 && row[0].0.is_empty();
                    let cells = row.iter().map(|(cell, always)| written(cell, *always || is_blank));
                    cells.collect::<Vec<_>>().join(",") + ends
                })
                .collect();
            let cells: Vec<Vec<String>> = records(&text).into_iter().map(|(_, cells)| cells).collect();
            let expected: Vec<Vec<String>> = rows
                .into_iter()
                .map(|row| row.into_iter().map(|(cell, _)| cell).collect())
                .collect();
            prop_assert_eq!(cells, expected);
        }

        #[test]
        fn any_text_comes_to_an_end_on_a_line_that_it_has(text in "[\",a\r\n é]{0,40}") {
            let lines = text.matches('\n').count() + 1;
            for record in Records::new(&text, usize::MAX) {
                let line = record.map_or_else(|error| error.line, |record| record.line);
                prop_assert!((1..=lines).contains(&line));
            }
        }
    }
}
