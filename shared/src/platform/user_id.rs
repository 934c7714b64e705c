//! The id of a user, which the platform only carries.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `users.id`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct UserId(i64);

impl UserId {
    /// An id in the one spelling that it has, so that "+1" and "01" are not second names of user 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id: i64 = text.parse().ok()?;
        (id > 0 && id.to_string() == text).then_some(Self(id))
    }

    /// The id as a number.
    #[must_use]
    pub fn as_number(self) -> i64 {
        self.0
    }

    /// The id in bytes that are the same everywhere, for fingerprints.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
