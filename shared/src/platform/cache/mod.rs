//! Values that may be a little old.
//!
//! - [`CachedValue`] keeps one in the execution environment.
//! - [`TwoLevelCache`] keeps one there and in a Valkey server that all environments share, so that
//!   they ask for it once between them.

mod shared_level;
mod two_levels;
mod value;

use std::time::Duration;

pub use self::{
    two_levels::{Lifetimes, TwoLevelCache, Wanted},
    value::CachedValue,
};

/// A value and how old it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aged<T> {
    /// The value.
    pub value: T,
    /// How long ago it was made.
    pub age: Duration,
}
