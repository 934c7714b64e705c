//! One user of a file, as the file has it.

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
    pub(super) problem: Option<Problem>,
    /// The byte and the line on which the search for the next one begins.
    pub(super) end: u64,
    pub(super) next_line: u64,
}
