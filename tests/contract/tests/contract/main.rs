//! Holds what is written about the API to what the code does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod document;
mod errors;
mod lists;
mod readme;
mod written;
