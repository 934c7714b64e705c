//! Lists of users, with or without a search.
//!
//! Every list is a walk along an index; [`ListQuery`](crate::users::ListQuery) is the query. A search
//! makes the walk look at users one by one, at no more than its reach; where that is not enough,
//! [`Collect`] finds all matches at once. [`crate::store::listing`] decides which to use.

mod collect;
mod count;
mod ranges;
mod row;
mod searched;
mod slice;
mod total;
mod walk;

pub use self::{
    collect::Collect,
    count::{CountAll, CountSample, Sample},
    walk::{Stop, Walked},
};
