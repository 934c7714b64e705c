//! An answer to a [`super::ListQuery`].

use super::{cursor::Cursor, user::User};

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The users, in order.
    pub users: Vec<User>,
    /// The place behind the last of them, if more follow.
    pub next: Option<Cursor>,
    /// The place before the first of them, if there are any before.
    pub previous: Option<Cursor>,
    /// How many users the whole list has, if it was counted.
    pub total: Option<Total>,
}

/// A number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(u64),
    /// So many or more.
    AtLeast(u64),
}
