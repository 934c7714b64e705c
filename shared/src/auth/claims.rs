//! What a token claims, whoever verified it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Error;

/// The claims of a verified token.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    /// `users.id` of the user that the token names.
    pub(super) fn user_id(&self) -> Result<i64, Error> {
        let subject = self.0.get("sub");
        subject.and_then(user_id).ok_or(Error::Unauthorized {
            reason: "the subject is not a user id",
        })
    }
}

/// `sub` is a string in RFC 7519, section 4.1.2, but many libraries write a whole number. Each id has
/// one spelling as either, so that "+1" and "01" are not second names of user 1 for other programs that
/// compare subjects.
fn user_id(subject: &Value) -> Option<i64> {
    let id = match subject {
        Value::String(text) => text
            .parse()
            .ok()
            .filter(|id: &i64| id.to_string() == *text)?,
        Value::Number(number) => number.as_i64()?,
        _ => return None,
    };
    (id > 0).then_some(id)
}
