//! What to look up.

use unicode_normalization::UnicodeNormalization as _;

use super::text::trimmed;

/// Longer than any email or username.
pub const MAX_CHARACTERS: usize = 320;

/// An email or a username, in whatever case. It need not be one that an import would accept: a table that was
/// adopted may have others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactValue(String);

impl ExactValue {
    /// Accepts 1 to 320 characters without control characters, and cleans them as an import does; the error
    /// completes "must ...".
    pub fn parse(text: &str) -> Result<Self, String> {
        let text: String = trimmed(text).nfc().take(MAX_CHARACTERS + 1).collect();
        if text.is_empty() || text.chars().count() > MAX_CHARACTERS {
            return Err(format!("have 1 to {MAX_CHARACTERS} characters"));
        }
        if text.chars().any(char::is_control) {
            return Err("not contain control characters".to_owned());
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
