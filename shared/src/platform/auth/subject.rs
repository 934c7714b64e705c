//! Whom a verified token names.

use std::fmt::Write as _;

use ring::digest;

use crate::platform::user_id::UserId;

/// The user that a verified token names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// How the table of users finds that user.
    pub key: SubjectKey,
    /// Whether the token, or a list of subjects, makes the user a superuser whatever the table says.
    pub is_superuser: bool,
}

/// How a user is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubjectKey {
    /// By the id.
    Id(UserId),
    /// By the e-mail address, without regard to case.
    Email(String),
    /// By the username, without regard to case.
    Username(String),
}

impl SubjectKey {
    /// Whether a row may hold it: PostgreSQL's texts have no NUL, and nobody's name is empty.
    pub(super) fn is_storable(&self) -> bool {
        match self {
            Self::Id(_) => true,
            Self::Email(text) | Self::Username(text) => !text.is_empty() && !text.contains('\0'),
        }
    }

    /// A name for the key that holds no personal data: the id, or a hash.
    #[must_use]
    pub fn pseudonym(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Email(text) | Self::Username(text) => {
                let hash = digest::digest(&digest::SHA256, text.to_lowercase().as_bytes());
                let mut name = String::with_capacity(32);
                for byte in &hash.as_ref()[..16] {
                    // Writing to a string does not fail.
                    let _ = write!(name, "{byte:02x}");
                }
                name
            }
        }
    }
}
