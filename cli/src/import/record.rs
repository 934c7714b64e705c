//! One user of a file, as the file has it.

use std::fmt;

use csv_reader::Problem;

/// No user is longer than this; a quote that is never closed would make one as long as the file.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// One user of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// As the file has it, without the end of the line.
    pub(super) raw: String,
    /// Where it begins, counted from 1, or where its problem is.
    pub(super) line: u64,
    /// Why no API can read it.
    pub(super) problem: Option<Unreadable>,
    /// The byte and the line on which the search for the next one begins.
    pub(super) end: u64,
    pub(super) next_line: u64,
}

/// Why a user cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    Csv(Problem),
    Json,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv(problem) => problem.fmt(formatter),
            Self::Json => {
                formatter.write_str("it is not valid JSON, which has neither NaN nor single quotes")
            }
        }
    }
}
