//! A user as a request writes one, before any rule is applied.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, error::Category, value::RawValue};

use super::{
    field_error::FieldError,
    field_names::{FieldName, UnknownNames},
    text::{normalized, trimmed},
    user_field::UserField,
};
use crate::platform::config::{ExtraField, ExtraFields};

/// How much of a text is kept. Bringing a text to normalization form C takes memory and time that grow
/// with it: a body of nothing but combining characters would take all that there is.
///
/// The form makes one character of four at most, and those have four bytes at most. So what was cut
/// here is longer than any field may be in this form too.
const MAX_TEXT_BYTES: usize = 4_096;

/// More fields than a table may have beside ours: of the others, one at least is unknown.
const MAX_OTHERS: usize = 64;

/// What one field says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FieldValue {
    /// Nothing: it is missing, `null`, or empty text.
    #[default]
    Absent,
    /// Text.
    Text(String),
    /// True or false.
    Flag(bool),
    /// Something that no field may be.
    Other,
    /// Not known, for a reason that was reported for all rows.
    Unreadable,
}

/// One row of a request: a value for every field, and what is wrong with the row beside them.
#[derive(Debug, Default)]
pub struct RawUser {
    values: [FieldValue; UserField::ALL.len()],
    is_given: [bool; UserField::ALL.len()],
    has_ignored_fields: bool,
    id: Option<String>,
    /// Fields of other names, each with its value as JSON.
    others: Vec<(String, String)>,
    others_count: usize,
    mistakes: Vec<FieldError>,
}

impl RawUser {
    /// Reads a JSON object. Whatever is wrong is found again in `into_parts`, so that one
    /// bad row does not hide the mistakes of others.
    #[must_use]
    pub fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| {
            Self::broken(if error.classify() == Category::Data {
                FieldError::of_row("invalid_type", "a user must be an object")
            } else {
                let column = error.column();
                FieldError::of_row(
                    "invalid_json",
                    format!("a user must be a JSON object; invalid JSON at column {column}"),
                )
            })
        })
    }

    /// A row of which nothing can be read.
    #[must_use]
    pub fn broken(mistake: FieldError) -> Self {
        Self {
            mistakes: vec![mistake],
            ..Self::default()
        }
    }

    /// Sets a field. White space around a text is removed, but for a password's. Empty text is absent. A text
    /// that is too long for every field is cut to one that still is.
    pub fn set(&mut self, field: UserField, mut value: FieldValue) {
        if let FieldValue::Text(text) = &mut value {
            let kept = match field {
                UserField::Password => text.as_str(),
                _ => trimmed(text),
            };
            let end = kept.floor_char_boundary(MAX_TEXT_BYTES);
            if end < text.len() {
                *text = kept[..end].to_owned();
            }
            if text.is_empty() {
                value = FieldValue::Absent;
            }
        }
        self.values[field as usize] = value;
        self.is_given[field as usize] = true;
    }

    /// Whether anything is said about a field, be it that there is no value.
    #[must_use]
    pub fn is_given(&self, field: UserField) -> bool {
        self.is_given[field as usize]
    }

    /// Whether there are fields that the service writes and does not read back.
    pub(super) fn has_ignored_fields(&self) -> bool {
        self.has_ignored_fields
    }

    /// Sets the id, which is a number or text. Nothing is absent.
    pub fn set_id(&mut self, text: &str) {
        let text = trimmed(text);
        self.id = (!text.is_empty()).then(|| text.to_owned());
    }

    /// Forgets the id, where the service shall choose one.
    pub fn forget_id(&mut self) {
        self.id = None;
    }

    /// Takes the id.
    pub(super) fn take_id(&mut self) -> Option<String> {
        self.id.take()
    }

    /// Email and username as they would be stored, as far as they are text.
    pub(super) fn identity(&self) -> [Option<String>; 2] {
        [UserField::Email, UserField::Username].map(|field| match &self.values[field as usize] {
            FieldValue::Text(text) => Some(normalized(text).into_owned()),
            _ => None,
        })
    }

    /// Sets a field that only the table of another application may have, to a piece of JSON.
    pub fn set_other(&mut self, name: &str, json: &str) {
        self.others_count += 1;
        if self.others.len() < MAX_OTHERS {
            self.others.push((name.to_owned(), json.to_owned()));
        }
    }

    /// The values in the order of [`UserField::ALL`], those of extra fields, and what is wrong beside them.
    pub(super) fn into_parts(
        mut self,
        fields: ExtraFields,
    ) -> (
        [FieldValue; UserField::ALL.len()],
        Map<String, Value>,
        Vec<FieldError>,
    ) {
        let mut extra = Map::new();
        let mut unknown = UnknownNames::default();
        for (name, json) in &self.others {
            let Some(ExtraField { name, .. }) = fields.named(name) else {
                unknown.push(name);
                continue;
            };
            let value = extra_value(json).unwrap_or_else(|mistake| {
                self.mistakes
                    .push(FieldError::new(name, "invalid_type", mistake));
                Value::Null
            });
            if extra.insert(name.to_owned(), value).is_some() {
                self.mistakes.push(FieldError::duplicate(name));
            }
        }
        unknown.count_more(self.others_count - self.others.len());
        if !unknown.is_empty() {
            let given = UserField::ALL.into_iter();
            let given: Vec<_> = given.filter(|field| self.is_given(*field)).collect();
            let message = unknown.fields_message(&given, fields);
            self.mistakes
                .push(FieldError::of_row("unknown_field", message));
        }
        (self.values, extra, self.mistakes)
    }
}

impl<'de> Deserialize<'de> for RawUser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = RawUser;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<RawUser, A::Error> {
        let mut user = RawUser::default();
        let mut times_seen = [0_u8; UserField::ALL.len()];
        while let Some((name, value)) = object.next_entry::<String, &RawValue>()? {
            let field = match FieldName::exact(&name) {
                FieldName::Known(field) => field,
                FieldName::Id => {
                    user.has_ignored_fields = true;
                    match field_value(value.get()) {
                        FieldValue::Absent => {}
                        FieldValue::Text(text) => user.set_id(&text),
                        _ => user.set_id(value.get()),
                    }
                    continue;
                }
                FieldName::Ignored => {
                    user.has_ignored_fields = true;
                    continue;
                }
                FieldName::Unknown => {
                    user.set_other(&name, value.get());
                    continue;
                }
            };
            // RFC 8259 leaves open which of two values counts, so neither does. This is said once,
            // however often the field is repeated.
            let seen = &mut times_seen[field as usize];
            *seen = seen.saturating_add(1);
            if *seen == 2 {
                user.mistakes.push(FieldError::duplicate(field.name()));
            }
            user.set(field, field_value(value.get()));
        }
        Ok(user)
    }
}

/// The value that a piece of well-formed JSON is. Only strings can still be wrong: half of a
/// surrogate pair is not valid text.
fn field_value(json: &str) -> FieldValue {
    match json {
        "null" => FieldValue::Absent,
        "true" => FieldValue::Flag(true),
        "false" => FieldValue::Flag(false),
        _ => serde_json::from_str(json).map_or(FieldValue::Other, FieldValue::Text),
    }
}

/// The value of an extra field. White space around a text is removed; empty text is none.
fn extra_value(json: &str) -> Result<Value, &'static str> {
    let value: Value =
        serde_json::from_str(json).map_err(|_| "a value is not valid JSON in Unicode")?;
    Ok(match value {
        Value::String(text) => match trimmed(&text) {
            "" => Value::Null,
            text => Value::String(normalized(text).into_owned()),
        },
        value => value,
    })
}

#[cfg(test)]
mod tests {
    use std::iter::once;

    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::users::{AcceptedHashes, NewUser, UserFields};

    fn code(json: &str) -> &'static str {
        let (_, _, mistakes) = RawUser::from_json(json).into_parts(ExtraFields::NONE);
        mistakes[0].code
    }

    #[test]
    fn fields_are_in_the_order_of_their_discriminants() {
        for (place, field) in UserField::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, place);
            assert_eq!(UserField::named(field.name()), Some(field));
        }
    }

    #[test]
    fn values_keep_their_kind() {
        let json = r#"{"email": "a\u00e9", "username": null, "full_name": 1, "is_active": false}"#;
        let (values, _, mistakes) = RawUser::from_json(json).into_parts(ExtraFields::NONE);
        assert_eq!(mistakes, []);
        assert_eq!(values[0], FieldValue::Text("aé".to_owned()));
        assert_eq!(values[1], FieldValue::Absent);
        assert_eq!(values[2], FieldValue::Other);
        assert_eq!(values[5], FieldValue::Flag(false));
        assert_eq!(values[6], FieldValue::Absent);
    }

    #[test]
    fn a_row_that_is_no_object_says_why() {
        assert_eq!(code("[1]"), "invalid_type");
        assert_eq!(code("\"text\""), "invalid_type");
        assert_eq!(code("{"), "invalid_json");
        assert_eq!(code("nonsense"), "invalid_json");
        assert_eq!(code("{} {}"), "invalid_json");
    }

    #[test]
    fn a_field_given_twice_is_a_mistake() {
        assert_eq!(
            code(r#"{"email": "a@example.com", "email": "b@example.com"}"#),
            "duplicate_field"
        );
    }

    #[test]
    fn a_field_given_a_thousand_times_is_one_mistake() {
        let json = format!("{{{}\"email\": 1}}", "\"email\": 1,".repeat(999));
        let (_, _, mistakes) = RawUser::from_json(&json).into_parts(ExtraFields::NONE);
        assert_eq!(mistakes.len(), 1);
    }

    #[test]
    fn a_text_that_was_cut_is_too_long_for_every_field() {
        let longest = ('\0'..=char::MAX).map(|character| once(character).nfd().count());
        assert_eq!(longest.max(), Some(4));
        // Four characters with eight bytes that become one, as in Ancient Greek.
        let text = "\u{3b1}\u{313}\u{300}\u{345}".repeat(1_000_000);
        let mut user = RawUser::default();
        for field in UserField::ALL {
            user.set(field, FieldValue::Text(text.clone()));
        }
        let errors = NewUser::parse(user, AcceptedHashes::NONE, UserFields::ALL).unwrap_err();
        let codes: Vec<_> = errors.into_iter().map(|error| error.code).collect();
        assert_eq!(codes[..5], ["too_long"; 5]);
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        let (values, _, _) =
            RawUser::from_json(r#"{"email": "\ud800"}"#).into_parts(ExtraFields::NONE);
        assert_eq!(values[0], FieldValue::Other);
    }

    #[test]
    fn all_unknown_names_are_one_mistake_with_the_nearest_field() {
        let json = r#"{"email": "a", "Email": "b", "name": "c", "email_verified": true}"#;
        let (_, _, mistakes) = RawUser::from_json(json).into_parts(ExtraFields::NONE);
        assert_eq!(
            mistakes[0].message,
            "unknown fields \"Email\", \"name\" (did you mean full_name?), \"email_verified\"; supported: \
             email, username, full_name, password, password_hash, is_active, is_superuser, created_at"
        );
        assert_eq!(mistakes.len(), 1);
    }
}
