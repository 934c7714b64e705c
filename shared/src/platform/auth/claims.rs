//! The claims of a token, verified here or by the gateway.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::subject::{Subject, SubjectKey};
use crate::platform::{
    config::{RequiredClaim, SubjectConfig, SubjectField},
    error::Error,
    user_id::UserId,
};

/// The claims of a verified token.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    /// The user that the token names, if it has all `required` claims.
    pub(super) fn subject(
        &self,
        required: &[RequiredClaim],
        config: &SubjectConfig,
    ) -> Result<Subject, Error> {
        if !required.iter().all(|claim| self.has(claim)) {
            return Err(Error::Unauthorized {
                reason: "a required claim is missing or has another value",
            });
        }
        let subject = match self.0.get(&config.claim) {
            Some(Value::String(text)) => text.clone(),
            // `sub` is a string in RFC 7519, section 4.1.2, but many libraries write a whole number.
            Some(Value::Number(number)) => number.to_string(),
            _ => {
                return Err(Error::Unauthorized {
                    reason: "the claim that names the user is missing or is not a text",
                });
            }
        };
        let is_superuser = config.superusers.contains(&subject)
            || config
                .superuser_claim
                .as_ref()
                .is_some_and(|claim| self.has(claim));
        let key = match config.field {
            SubjectField::Id => UserId::parse(&subject, config.id_kind).map(SubjectKey::Id),
            SubjectField::Email => Some(SubjectKey::Email(subject)),
            SubjectField::Username => Some(SubjectKey::Username(subject)),
        };
        let key = key
            .filter(SubjectKey::is_storable)
            .ok_or(Error::Unauthorized {
                reason: "the subject is not a user id",
            })?;
        Ok(Subject { key, is_superuser })
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
