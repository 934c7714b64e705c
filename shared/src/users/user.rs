//! A user as callers see one.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::platform::user_id::UserId;

/// A user as callers see one; the password hash is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The key.
    pub id: UserId,
    /// Unique without regard to case.
    pub email: String,
    /// Unique without regard to case.
    pub username: String,
    /// A name for people, if one is known.
    pub full_name: Option<String>,
    /// Whether the user may do anything.
    pub is_active: bool,
    /// Whether the user may administrate others.
    pub is_superuser: bool,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
}
