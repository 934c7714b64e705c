//! Reads delimiter-separated values strictly, and decodes the text files that spreadsheets write.
//!
//! The function that imports users and the command-line client share it, so that both cut a file into
//! the same rows. The `csv` crate is lenient: it takes a quote that is never closed for the end of the
//! last cell, and text behind a closing quote for more of the cell. In an import, one forgotten quote
//! would make a user of other users. It also does not tell whether a cell had quotes.

mod dialect;
mod encoding;
mod records;
mod signature;

pub use self::{
    encoding::{NotText, check_utf8, decode},
    records::{Cell, Malformed, Problem, Record, Records},
    signature::binary_kind,
};
