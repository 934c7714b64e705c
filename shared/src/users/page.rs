//! An answer to a [`super::ListQuery`].

use super::{cursor::Cursor, user::User};

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The users, in order.
    pub users: Vec<User>,
    /// The place from where to go on, if more may follow.
    pub next: Option<Cursor>,
    /// The place from where to go back, if there may be any before.
    pub previous: Option<Cursor>,
    /// How many users the whole list has, if it was counted.
    pub total: Option<Total>,
    /// Whether the page has all the users that it should have. A search that had to stop early may have
    /// fewer, or none, while more follow.
    pub is_complete: bool,
}

/// A number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// Exactly this many.
    Exactly(u64),
    /// This many or more.
    AtLeast(u64),
}
