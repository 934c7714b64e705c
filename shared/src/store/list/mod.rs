//! Lists of users, with or without a search.
//!
//! Every list is a walk along an index; [`ListQuery`](crate::users::ListQuery) is the query. A search
//! makes the walk look at users one by one, at no more than its reach; where that is not enough,
//! [`collect`] finds all matches at once. [`super::listing`] decides which to use.

mod collect;
mod count;
mod ranges;
mod row;
mod searched;
mod slice;
#[cfg(test)]
mod statements;
mod total;
mod walk;

pub use self::{
    collect::{collect, count_collected},
    count::count_walked,
    walk::{Stop, Walked, walk},
};
