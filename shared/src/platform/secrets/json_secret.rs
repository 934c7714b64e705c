//! Secrets that hold a JSON object.
//!
//! An error names one of the expected fields, or line and column. It never quotes the text, as serde's
//! own errors do: they repeat a value of the wrong type.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, error::Category};

/// The fields of a secret.
pub(crate) struct JsonSecret(Map<String, Value>);

/// Why a secret is not what it should be. It can be shown.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

impl JsonSecret {
    pub(crate) fn parse(text: &SecretString) -> Result<Self, Malformed> {
        let parsed = serde_json::from_str(text.expose_secret());
        parsed.map(Self).map_err(|error| {
            let kind = match error.classify() {
                Category::Eof => "unexpected end",
                Category::Data => "data error",
                Category::Syntax | Category::Io => "syntax error",
            };
            let (line, column) = (error.line(), error.column());
            Malformed(format!(
                "it is not a JSON object: {kind} at line {line} column {column}"
            ))
        })
    }

    /// A field that must be there.
    pub(crate) fn text(&self, field: &str) -> Result<String, Malformed> {
        self.optional_text(field)?
            .ok_or_else(|| Malformed(format!("{field} is missing")))
    }

    /// A field that may be left out or null.
    pub(crate) fn optional_text(&self, field: &str) -> Result<Option<String>, Malformed> {
        self.optional(field, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// A TCP port that may be left out or null.
    pub(crate) fn optional_port(&self, field: &str) -> Result<Option<u16>, Malformed> {
        self.optional(field, "a number from 0 to 65535", |value| {
            value.as_u64()?.try_into().ok()
        })
    }

    fn optional<T>(
        &self,
        field: &str,
        kind: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| Malformed(format!("{field} must be {kind}"))),
        }
    }
}
