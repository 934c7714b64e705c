//! Which users to list, in which order, from where.

use super::{cursor::Cursor, filter::Filter, sort::Sort};

/// A question for a page of users.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Which users.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// From where.
    pub position: Position,
    /// How many at most.
    pub size: u32,
    /// How to count all that match.
    pub count: CountMode,
    /// How many users a search may look at one by one.
    pub scan_limit: u32,
}

impl ListQuery {
    /// How many users come before a page that was asked for by number; none before a cursor.
    #[must_use]
    pub fn rows_before(&self) -> u64 {
        match self.position {
            Position::Page(page) => u64::from(page.saturating_sub(1)) * u64::from(self.size),
            Position::Cursor(_) => 0,
        }
    }
}

/// Where a page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// At a page number, counted from 1.
    Page(u32),
    /// Beside a row of another page.
    Cursor(Cursor),
}

/// How to count all users that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountMode {
    /// To the last one.
    Exact,
    /// Up to a limit, and then "at least this many".
    Capped,
    /// Not at all.
    None,
}
