//! In which order to list users.

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
    /// The id, in tables that do not say when a user was created.
    Id,
}

/// Which way to order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest, earliest first.
    Ascending,
    /// Largest, latest first.
    Descending,
}

impl SortBy {
    /// The name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Username => "username",
            Self::Email => "email",
            Self::Id => "id",
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
