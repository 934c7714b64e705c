//! A user to be created, parsed from one row of a request.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    email,
    password::{self, Password},
    username,
};

/// A user to be created. It exists only with valid values.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The address as it was given.
    pub email: String,
    /// The name as it was given.
    pub username: String,
    /// A name for people.
    pub full_name: Option<String>,
    /// How the user will log in.
    pub password: Password,
    /// Whether the user may do anything.
    pub is_active: bool,
    /// Whether the user may administrate others.
    pub is_superuser: bool,
}

/// What is wrong with one field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, or `None` when the whole row is meant.
    pub field: Option<&'static str>,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub message: Cow<'static, str>,
}

impl FieldError {
    pub(super) fn new(
        field: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: Some(field),
            code,
            message: message.into(),
        }
    }

    pub(super) fn too_long(field: &'static str, limit: usize, unit: &str) -> Self {
        Self::new(
            field,
            "too_long",
            format!("{field} may have at most {limit} {unit}"),
        )
    }
}

impl NewUser {
    /// Parses one row, and reports everything that is wrong with it.
    pub fn parse(row: Value) -> Result<Self, Vec<FieldError>> {
        let Value::Object(mut fields) = row else {
            return Err(vec![FieldError {
                field: None,
                code: "invalid_type",
                message: "a user must be an object".into(),
            }]);
        };
        let mut errors = Vec::new();
        let mut take = |name: &'static str| match fields.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => Some((name, value)),
        };
        let email = required(take("email"), "email", email::parse, &mut errors);
        let username = required(take("username"), "username", username::parse, &mut errors);
        let full_name = optional(take("full_name"), username::parse_full_name, &mut errors);
        let plain = optional(take("password"), password::parse_plain, &mut errors);
        let hash = optional(take("password_hash"), password::parse_hash, &mut errors);
        let is_active = flag(&take("is_active"), true, &mut errors);
        let is_superuser = flag(&take("is_superuser"), false, &mut errors);
        if plain.is_some() && hash.is_some() {
            errors.push(FieldError::new(
                "password_hash",
                "not_allowed",
                "give either password or password_hash, not both",
            ));
        }
        if !fields.is_empty() {
            errors.push(unknown_fields(fields.keys()));
        }
        match (email, username) {
            (Some(email), Some(username)) if errors.is_empty() => Ok(Self {
                email,
                username,
                full_name,
                password: plain.or(hash).unwrap_or(Password::None),
                is_active,
                is_superuser,
            }),
            _ => Err(errors),
        }
    }
}

type Field = Option<(&'static str, Value)>;

fn required<T>(
    field: Field,
    name: &'static str,
    parse: impl Fn(&str) -> Result<T, FieldError>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    if field.is_none() {
        errors.push(FieldError::new(
            name,
            "required",
            format!("{name} is required"),
        ));
    }
    optional(field, parse, errors)
}

fn optional<T>(
    field: Field,
    parse: impl Fn(&str) -> Result<T, FieldError>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let (name, value) = field?;
    let parsed = match value {
        Value::String(text) => parse(&text),
        _ => Err(FieldError::new(
            name,
            "invalid_type",
            format!("{name} must be a string"),
        )),
    };
    parsed.map_err(|error| errors.push(error)).ok()
}

fn flag(field: &Field, default: bool, errors: &mut Vec<FieldError>) -> bool {
    match field {
        None => default,
        Some((_, Value::Bool(value))) => *value,
        Some((name, _)) => {
            errors.push(FieldError::new(
                name,
                "invalid_type",
                format!("{name} must be true or false"),
            ));
            default
        }
    }
}

fn unknown_fields<'n>(names: impl Iterator<Item = &'n String>) -> FieldError {
    // A caller's text is shown back shortened, so that an answer cannot be blown up by a request.
    let names: Vec<String> = names
        .take(3)
        .map(|name| name.chars().take(40).collect())
        .collect();
    FieldError {
        field: None,
        code: "unknown_field",
        message: format!(
            "unknown field {:?}; known are email, username, full_name, password, password_hash, \
             is_active, is_superuser",
            names.join(", ")
        )
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn errors(row: Value) -> Vec<(Option<&'static str>, &'static str)> {
        let errors = NewUser::parse(row).unwrap_err();
        errors
            .into_iter()
            .map(|error| (error.field, error.code))
            .collect()
    }

    #[test]
    fn email_and_username_are_enough() {
        let user =
            NewUser::parse(json!({"email": "a@example.com", "username": "a", "full_name": null}))
                .unwrap();
        assert!(user.is_active);
        assert!(!user.is_superuser);
        assert_eq!(user.full_name, None);
        assert!(matches!(user.password, Password::None));
    }

    #[test]
    fn every_wrong_field_is_reported() {
        let row =
            json!({"email": "nonsense", "password": "short", "is_active": "yes", "role": "root"});
        assert_eq!(
            errors(row),
            [
                (Some("email"), "invalid_format"),
                (Some("username"), "required"),
                (Some("password"), "too_short"),
                (Some("is_active"), "invalid_type"),
                (None, "unknown_field"),
            ]
        );
    }

    #[test]
    fn password_and_hash_exclude_each_other() {
        let row = json!({
            "email": "a@example.com", "username": "a", "password": "long enough",
            "password_hash": "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        });
        assert_eq!(errors(row), [(Some("password_hash"), "not_allowed")]);
    }

    #[test]
    fn a_row_that_is_no_object_is_reported_as_a_whole() {
        assert_eq!(errors(json!(["a@example.com"])), [(None, "invalid_type")]);
    }
}
