//! The fields of a user that requests may set.

/// What can be said about a new user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserField {
    /// Required.
    Email,
    /// Required.
    Username,
    /// Optional.
    FullName,
    /// Optional, instead of a hash.
    Password,
    /// Optional, instead of a password.
    PasswordHash,
    /// Optional.
    IsActive,
    /// Optional.
    IsSuperuser,
    /// Optional; counts when the user is created.
    CreatedAt,
}

impl UserField {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Username,
        Self::FullName,
        Self::Password,
        Self::PasswordHash,
        Self::IsActive,
        Self::IsSuperuser,
        Self::CreatedAt,
    ];

    /// How requests spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::FullName => "full_name",
            Self::Password => "password",
            Self::PasswordHash => "password_hash",
            Self::IsActive => "is_active",
            Self::IsSuperuser => "is_superuser",
            Self::CreatedAt => "created_at",
        }
    }

    /// Whether a user can be without it.
    #[must_use]
    pub fn may_be_absent(self) -> bool {
        match self {
            Self::FullName | Self::Password | Self::PasswordHash => true,
            Self::Email | Self::Username | Self::IsActive | Self::IsSuperuser | Self::CreatedAt => {
                false
            }
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// All names, for a message.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}
