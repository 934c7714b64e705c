//! Records of delimiter-separated values, whatever they mean.

use std::{borrow::Cow, fmt};

use crate::dialect;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<'t> {
    /// What it says, without the quotes around it.
    pub text: Cow<'t, str>,
    /// Whether it had quotes.
    pub is_quoted: bool,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'t> {
    /// Where it begins, counted from 1.
    pub line: usize,
    /// The record as it was written, without the end of the line.
    pub raw: &'t str,
    /// Its first cells, up to the limit of [`Records::keeping`].
    pub cells: Vec<Cell<'t>>,
    /// How many cells it has.
    pub cell_count: usize,
    /// How many cells it has up to the last one that is not blank.
    pub filled_count: usize,
}

/// Where and why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed<'t> {
    /// The line of the problem, counted from 1.
    pub line: usize,
    /// The reason.
    pub problem: Problem,
    /// The record up to the end of that line, or all the rest of the text if a quote is never closed.
    pub raw: &'t str,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// A quoted cell has no closing quote.
    UnclosedQuote,
    /// A cell that does not begin with a quote has one inside.
    QuoteInsideCell,
    /// Text follows a closing quote in the same cell.
    TextAfterQuote,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnclosedQuote => "a quoted cell is never closed",
            Self::QuoteInsideCell => "a quote stands inside a cell that does not begin with one",
            Self::TextAfterQuote => "text stands behind a closing quote",
        })
    }
}

/// The records of a text. Records whose cells are all blank are left out. Lines may end with CR LF, LF or
/// CR. Reading continues with the next line after a malformed record, unless a quote is never closed.
#[derive(Debug, Clone)]
pub struct Records<'t> {
    text: &'t str,
    delimiter: u8,
    position: usize,
    line: usize,
    max_cells: usize,
    is_part: bool,
}

impl<'t> Records<'t> {
    /// The records of a whole text, the header first. A byte order mark and a line such as `sep=;` are
    /// skipped. Without such a line, the delimiter is the comma, semicolon, tab or | that the header uses.
    #[must_use]
    pub fn of_file(text: &'t str) -> Self {
        let content = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (delimiter, skipped) = dialect::detect(content);
        let mut records = Self::resume(text, delimiter, 1 + usize::from(skipped > 0));
        records.position = text.len() - content.len() + skipped;
        records
    }

    /// The records of the rest of a file, which begins on `line`. The delimiter must be an ASCII character.
    #[must_use]
    pub fn resume(text: &'t str, delimiter: u8, line: usize) -> Self {
        Self {
            text,
            delimiter,
            position: 0,
            line,
            max_cells: usize::MAX,
            is_part: false,
        }
    }

    /// Keeps `max_cells` cells of each record and counts the others: a cell takes many times as much
    /// memory as a delimiter.
    #[must_use]
    pub fn keeping(mut self, max_cells: usize) -> Self {
        self.max_cells = max_cells;
        self
    }

    /// Says that more text follows in the file. A record that may continue there is left for the next
    /// part, which begins at [`Self::position`] of this one.
    #[must_use]
    pub fn of_part(mut self) -> Self {
        self.is_part = true;
        self
    }

    /// What separates the cells.
    #[must_use]
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The byte at which the search for the next record begins.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The line on which the search for the next record begins.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.position..]
    }

    fn record(&mut self) -> Result<Record<'t>, Problem> {
        let (line, start) = (self.line, self.position);
        let mut cells = Vec::new();
        let (mut cell_count, mut filled_count) = (0, 0);
        loop {
            let cell = self.cell()?;
            cell_count += 1;
            if !cell.is_blank() {
                filled_count = cell_count;
            }
            if cell_count <= self.max_cells {
                cells.push(cell);
            }
            if self.rest().first() == Some(&self.delimiter) {
                self.position += 1;
                continue;
            }
            let raw = &self.text[start..self.position];
            self.end_line();
            return Ok(Record {
                line,
                raw,
                cells,
                cell_count,
                filled_count,
            });
        }
    }

    /// One cell, up to the delimiter or the end of the line.
    fn cell(&mut self) -> Result<Cell<'t>, Problem> {
        let rest = self.rest();
        let end = rest
            .iter()
            .position(|&byte| byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r'));
        let end = end.unwrap_or(rest.len());
        if rest.get(end) == Some(&b'"') {
            // Spaces may stand around a quoted cell: a header written by hand has them after commas.
            if rest[..end].iter().any(|&byte| byte != b' ') {
                return Err(Problem::QuoteInsideCell);
            }
            self.position += end + 1;
            return self.quoted();
        }
        let start = self.position;
        self.position += end;
        Ok(Cell {
            text: Cow::Borrowed(&self.text[start..self.position]),
            is_quoted: false,
        })
    }

    /// A cell in quotes, in which two quotes mean one, from behind the opening quote.
    fn quoted(&mut self) -> Result<Cell<'t>, Problem> {
        let start = self.position;
        let bytes = self.text.as_bytes();
        let mut end = start;
        let mut is_escaped = false;
        loop {
            match self.text[end..].find('"') {
                None => return Err(Problem::UnclosedQuote),
                Some(length) => end += length,
            }
            if bytes.get(end + 1) != Some(&b'"') {
                break;
            }
            is_escaped = true;
            end += 2;
        }
        let text = &self.text[start..end];
        self.line += line_ends(text);
        self.position = end + 1;
        let spaces = self.rest().iter().take_while(|&&byte| byte == b' ');
        self.position += spaces.count();
        match self.rest().first() {
            None | Some(b'\n' | b'\r') => {}
            Some(&byte) if byte == self.delimiter => {}
            Some(_) => return Err(Problem::TextAfterQuote),
        }
        let text = if is_escaped {
            Cow::Owned(text.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(text)
        };
        Ok(Cell {
            text,
            is_quoted: true,
        })
    }

    /// Steps over the end of a line, if one is here.
    fn end_line(&mut self) {
        let length = match self.rest() {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return,
        };
        self.position += length;
        self.line += 1;
    }

    /// Steps over a record that began at `start` and cannot be read.
    fn skip(&mut self, start: usize, problem: Problem) -> Malformed<'t> {
        let line = self.line;
        let is_skipped = |byte| problem == Problem::UnclosedQuote || !matches!(byte, b'\n' | b'\r');
        let skipped = self.rest().iter().take_while(|&&byte| is_skipped(byte));
        self.position += skipped.count();
        let raw = &self.text[start..self.position];
        self.end_line();
        Malformed { line, problem, raw }
    }
}

/// How many lines end inside a text.
fn line_ends(text: &str) -> usize {
    let mut previous = 0;
    let ends = text.bytes().filter(|&byte| {
        let is_second = byte == b'\n' && previous == b'\r';
        previous = byte;
        matches!(byte, b'\n' | b'\r') && !is_second
    });
    ends.count()
}

/// What databases and their clients write for NULL, with or without quotes.
const NULL: &str = r"\N";

/// What they write without quotes. In quotes it is text.
const UNQUOTED_NULLS: [&str; 5] = ["NULL", "[NULL]", "<null>", "(null)", "#N/A"];

impl Cell<'_> {
    /// Whether it has digits alone, as what pandas and R write in front of a row in a column without a name.
    #[must_use]
    pub fn is_row_number(&self) -> bool {
        !self.text.is_empty() && self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it says that there is no value, apart from white space around it.
    #[must_use]
    pub fn is_null(&self) -> bool {
        let text = self.text.trim();
        text == NULL || (!self.is_quoted && UNQUOTED_NULLS.contains(&text))
    }

    /// Whether nothing but white space is in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.trim_start().is_empty()
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<Record<'t>, Malformed<'t>>;

    fn next(&mut self) -> Option<Self::Item> {
        // DOS programs end a file with this character.
        while !matches!(self.rest(), [] | [0x1a]) {
            let (line, position) = (self.line, self.position);
            let found = self.record();
            let is_unclosed = matches!(found, Err(Problem::UnclosedQuote));
            let found = found.map_err(|problem| self.skip(position, problem));
            let is_open = is_unclosed || (self.rest().is_empty() && !self.text.ends_with('\n'));
            if self.is_part && is_open {
                (self.line, self.position) = (line, position);
                return None;
            }
            match found {
                Ok(record) if record.filled_count == 0 => {}
                found => return Some(found),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
