//! Which users to list, in which order, from where.

use super::{cursor::Cursor, search_term::SearchTerm};

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
    pub reach: u32,
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

/// Which users: all conditions together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only active or only inactive users.
    pub is_active: Option<bool>,
    /// Only superusers or only others.
    pub is_superuser: Option<bool>,
    /// Only users that contain this text.
    pub search: Option<SearchTerm>,
}

/// An order; ties are broken by id in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// What to order by.
    pub by: SortBy,
    /// Which way.
    pub order: SortOrder,
}

/// What to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// The time of creation.
    CreatedAt,
    /// The username in lower case, by code point.
    Username,
    /// The e-mail address in lower case, by code point.
    Email,
}

/// Which way to order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest, earliest first.
    Ascending,
    /// Largest, latest first.
    Descending,
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
    /// To a limit, and then "at least so many".
    Capped,
    /// Not at all.
    None,
}

impl SortBy {
    /// The name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Username => "username",
            Self::Email => "email",
        }
    }
}

impl SortOrder {
    /// The name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}
