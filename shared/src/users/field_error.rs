//! What is wrong with a value.

use std::borrow::Cow;

use super::user_field::UserField;

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

    /// A mistake of a whole row.
    pub fn of_row(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: None,
            code,
            message: message.into(),
        }
    }

    pub(super) fn duplicate(field: &'static str) -> Self {
        let message = format!("{field} is given more than once");
        Self::new(field, "duplicate_field", message)
    }

    pub(super) fn both_passwords() -> Self {
        Self::new(
            "password_hash",
            "not_allowed",
            "give either password or password_hash, not both",
        )
    }

    /// The table of another application has no place for the field, or computes it.
    pub(super) fn read_only(field: UserField) -> Self {
        let name = field.name();
        let message = format!("{name} cannot be written: the table of users has no column for it");
        Self::new(name, "read_only", message)
    }

    pub(super) fn too_long(field: &'static str, limit: usize, unit: &str) -> Self {
        Self::new(
            field,
            "too_long",
            format!("{field} may have at most {limit} {unit}"),
        )
    }
}
