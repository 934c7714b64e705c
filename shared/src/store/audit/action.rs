//! What the log tells of.

/// What is done to a user, or to many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A user was created.
    Create,
    /// Fields of a user were changed.
    Update,
    /// A user was deleted.
    Delete,
    /// Users were imported.
    Import,
    /// Fields of many users were changed.
    BulkUpdate,
    /// Many users were deleted.
    BulkDelete,
    /// Somebody began to read the log.
    ReadLog,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Import,
        Self::BulkUpdate,
        Self::BulkDelete,
        Self::ReadLog,
    ];

    /// How it is called in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "user.create",
            Self::Update => "user.update",
            Self::Delete => "user.delete",
            Self::Import => "user.import",
            Self::BulkUpdate => "user.bulk_update",
            Self::BulkDelete => "user.bulk_delete",
            Self::ReadLog => "audit.read",
        }
    }
}
