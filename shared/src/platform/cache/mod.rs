//! Values that may be a little old.
//!
//! - [`CachedValue`] keeps one in the execution environment.
//! - [`TwoLevelCache`] keeps one there and in a Valkey server that all environments share, so that
//!   they ask for it once between them.

mod age;
mod shared_level;
mod two_levels;
mod value;

pub use self::{
    age::{Aged, Lifetimes},
    two_levels::{TwoLevelCache, Wanted},
    value::CachedValue,
};
