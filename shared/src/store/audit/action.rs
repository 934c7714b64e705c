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
    /// What the log knows of somebody was erased.
    Erase,
    /// A user who was deleted was created again.
    Restore,
    /// Users were imported.
    Import,
    /// Fields of many users were changed.
    BulkUpdate,
    /// Many users were deleted.
    BulkDelete,
    /// Somebody began to export users.
    Export,
    /// Somebody began to read the log.
    ReadLog,
    /// Somebody asked for what only superusers may do.
    Refuse,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Erase,
        Self::Restore,
        Self::Import,
        Self::BulkUpdate,
        Self::BulkDelete,
        Self::Export,
        Self::ReadLog,
        Self::Refuse,
    ];

    /// How it is called in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "user.create",
            Self::Update => "user.update",
            Self::Delete => "user.delete",
            Self::Erase => "user.erase",
            Self::Restore => "user.restore",
            Self::Import => "user.import",
            Self::BulkUpdate => "user.bulk_update",
            Self::BulkDelete => "user.bulk_delete",
            Self::Export => "user.export",
            Self::ReadLog => "audit.read",
            Self::Refuse => "access.refuse",
        }
    }
}
