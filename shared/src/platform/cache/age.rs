//! How old a value is, and may be.

use std::time::Duration;

/// A value and how old it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged<T> {
    /// The value.
    pub value: T,
    /// How long ago it was made.
    pub age: Duration,
}

/// How old a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// At any time. Zero keeps nothing.
    pub fresh: Duration,
    /// Beyond that, while no new one can be made.
    pub stale: Duration,
}
