//! Lists of users, with or without a search.
//!
//! Every list is an index scan; [`ListQuery`](crate::users::ListQuery) is the query. A search makes the scan
//! look at users one by one, up to its scan limit; where that is not enough, [`trigram_search`] finds all
//! matches at once. [`super::listing`] decides which to use.

mod count;
mod look_up;
mod merged_ranges;
mod page_bounds;
mod row;
mod scan;
mod searched;
mod short_words;
#[cfg(test)]
mod statements;
mod total;
mod trigram_search;

pub(super) use self::look_up::push_conditions;
pub use self::{
    count::{count_by_scan, count_range},
    look_up::look_up,
    scan::{Scanned, Stop, scan},
    short_words::is_indexed,
    trigram_search::{count_by_trigrams, estimate, trigram_search},
};
