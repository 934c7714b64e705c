//! A user as callers see one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::digest;
use serde::Serialize;

use crate::platform::user_id::UserId;

/// A user as callers see one; the password hash is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The key.
    pub id: UserId,
    /// Unique without regard to case. In the table of another application, users may have none.
    pub email: Option<String>,
    /// Unique without regard to case. In the table of another application, users may have none.
    pub username: Option<String>,
    /// A name for people, if one is known.
    pub full_name: Option<String>,
    /// Whether the user may do anything.
    pub is_active: bool,
    /// Whether the user may administrate others.
    pub is_superuser: bool,
    /// When the row was made, if that is known.
    pub created_at: Option<DateTime<Utc>>,
    /// When the row was last changed, if that is known.
    pub updated_at: Option<DateTime<Utc>>,
}

impl User {
    /// A strong entity tag (RFC 9110, section 8.8.3) of all that is shown of the user.
    #[must_use]
    pub fn etag(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        // A struct of plain fields always has a JSON form.
        context.update(&serde_json::to_vec(self).unwrap_or_default());
        let tag = URL_SAFE_NO_PAD.encode(&context.finish().as_ref()[..16]);
        format!("\"{tag}\"")
    }
}
