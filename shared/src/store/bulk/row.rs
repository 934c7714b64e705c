//! A row of an import, before and after it.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::users::{User, UserId};

/// A user to be imported; the password is hashed by now.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// The address as it was given.
    pub email: String,
    /// The name as it was given. None where the table has no usernames.
    pub username: Option<String>,
    /// A name for people.
    pub full_name: Option<String>,
    /// What a password is verified against.
    pub password_hash: Option<String>,
    /// Whether the user may do anything. A new user may unless told otherwise.
    pub is_active: Option<bool>,
    /// Whether the user may administrate others. A new user may not unless told otherwise.
    pub is_superuser: Option<bool>,
    /// When a new user signed up; now, unless told otherwise.
    pub created_at: Option<DateTime<Utc>>,
    /// The id that a new user shall have; the next one of the table, unless told otherwise.
    pub id: Option<UserId>,
    /// What only the table of another application has. What is not said is left out.
    pub extra: Map<String, Value>,
}

/// What to do with a row whose email is stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Refuse the import.
    Fail,
    /// Leave the stored user as it is.
    Skip,
    /// Give the stored user what the row says; what it does not say stays.
    Update,
}

/// What has been done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RowResult {
    /// A user was created.
    Created,
    /// A stored user was changed.
    Updated,
    /// A stored user was left as it was: because that was asked, or because there was nothing to
    /// change.
    Skipped,
}

/// A row of an import after it.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// The user as stored now.
    pub user: User,
    /// What was done.
    pub result: RowResult,
    /// What an updated user was.
    pub was: Option<Was>,
}

/// A user before an update.
#[derive(Debug, Clone)]
pub struct Was {
    /// The user as stored then.
    pub user: User,
    /// Whether the password was another one.
    pub has_other_password: bool,
}

impl ImportedUser {
    /// Whether the import took away what made this user an active superuser.
    #[must_use]
    pub fn has_lost_rights(&self) -> bool {
        let has_rights = |user: &User| user.is_active && user.is_superuser;
        let was = self.was.as_ref();
        was.is_some_and(|was| has_rights(&was.user)) && !has_rights(&self.user)
    }
}
