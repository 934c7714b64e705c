//! What a token claims, whoever verified it.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::platform::{config::RequiredClaim, error::Error, user_id::UserId};

/// The claims of a verified token.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    /// `users.id` of the user that the token names, if it has all `required` claims.
    pub(super) fn user_id(&self, required: &[RequiredClaim]) -> Result<UserId, Error> {
        if !required.iter().all(|claim| self.has(claim)) {
            return Err(Error::Unauthorized {
                reason: "a required claim is missing or has another value",
            });
        }
        let subject = self.0.get("sub");
        subject.and_then(user_id).ok_or(Error::Unauthorized {
            reason: "the subject is not a user id",
        })
    }

    /// Whether the claim has the value, or is a list that contains it.
    fn has(&self, required: &RequiredClaim) -> bool {
        match self.0.get(&required.name) {
            Some(Value::Array(values)) => values.iter().any(|value| is(value, &required.value)),
            Some(value) => is(value, &required.value),
            None => false,
        }
    }
}

fn is(value: &Value, expected: &str) -> bool {
    match value {
        Value::String(text) => text == expected,
        Value::Bool(truth) => truth.to_string() == expected,
        Value::Number(number) => number.to_string() == expected,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// `sub` is a string in RFC 7519, section 4.1.2, but many libraries write a whole number.
fn user_id(subject: &Value) -> Option<UserId> {
    match subject {
        Value::String(text) => UserId::parse(text),
        Value::Number(number) => UserId::parse(&number.to_string()),
        _ => None,
    }
}
