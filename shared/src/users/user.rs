//! A user as callers see one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::platform::user_id::UserId;

/// Stands between the fields that a tag is made of. No field may have it.
pub(crate) const TAG_SEPARATOR: char = '\u{1f}';

/// How many bytes of the hash a tag has.
pub(crate) const TAG_BYTES: usize = 16;

/// The server and we write whole numbers of less than 19 digits alike.
const MAX_TAGGED_NUMBER: u64 = 10_u64.pow(18);

/// A user as callers see one; the password hash is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
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
    /// What only the table of another application has, by the names of its mapping.
    #[serde(flatten)]
    #[sqlx(json, default)]
    pub extra: Map<String, Value>,
}

impl User {
    /// A strong entity tag (RFC 9110, section 8.8.3) of all that is shown of the user, in quotes.
    ///
    /// `store::users` makes the same tag of a row, so that a change can be refused by the statement that
    /// would make it.
    #[must_use]
    pub fn etag(&self) -> String {
        let Self {
            id,
            email,
            username,
            full_name,
            is_active,
            is_superuser,
            created_at,
            updated_at,
            extra,
        } = self;
        // Nothing shown in front of a name is the beginning of one that is missing.
        let full_name = full_name
            .as_ref()
            .map_or("-".to_owned(), |name| format!("+{name}"));
        let time = |time: Option<DateTime<Utc>>| {
            time.map_or_else(String::new, |time| time.timestamp_micros().to_string())
        };
        let extra: String = extra.values().map(tagged).collect();
        let text = [
            id.to_string(),
            email.clone().unwrap_or_default(),
            username.clone().unwrap_or_default(),
            full_name,
            is_active.to_string(),
            is_superuser.to_string(),
            time(*created_at),
            time(*updated_at) + &extra,
        ]
        .join(&TAG_SEPARATOR.to_string());
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let tag = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..TAG_BYTES]);
        format!("\"{tag}\"")
    }
}

/// An extra field as a part of a tag. Numbers with a fraction, lists and objects are written differently by the
/// server; they count for nothing.
fn tagged(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("+{text}"),
        Value::Bool(flag) => format!("+{flag}"),
        Value::Number(number) => {
            let short = number
                .as_i64()
                .filter(|number| number.unsigned_abs() < MAX_TAGGED_NUMBER);
            short.map_or_else(String::new, |number| format!("+{number}"))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    };
    format!("{TAG_SEPARATOR}{text}")
}
