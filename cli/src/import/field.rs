//! The fields of a user that an import can set.

use std::fmt::Write as _;

/// A field, in the order of the columns that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Username,
    FullName,
    Password,
    PasswordHash,
    IsActive,
    IsSuperuser,
    CreatedAt,
    Id,
}

/// The values of a user by field.
pub(super) type Values = [Option<String>; Field::ALL.len()];

/// A column that the service writes and ignores when it reads it.
const IGNORED: &str = "updated_at";

impl Field {
    pub(super) const ALL: [Self; 9] = [
        Self::Email,
        Self::Username,
        Self::FullName,
        Self::Password,
        Self::PasswordHash,
        Self::IsActive,
        Self::IsSuperuser,
        Self::CreatedAt,
        Self::Id,
    ];

    /// How the API spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::FullName => "full_name",
            Self::Password => "password",
            Self::PasswordHash => "password_hash",
            Self::IsActive => "is_active",
            Self::IsSuperuser => "is_superuser",
            Self::CreatedAt => "created_at",
            Self::Id => "id",
        }
    }

    /// What the API takes a column for.
    pub(super) fn of_column(name: &str) -> Option<Self> {
        let name = letters(name);
        let mut fields = Self::ALL.into_iter();
        fields.find(|field| letters(field.name()) == name)
    }
}

/// Whether the API accepts a column.
pub(super) fn is_known_column(name: &str) -> bool {
    letters(IGNORED) == letters(name) || Field::of_column(name).is_some()
}

/// The letters and digits of a name in lower case, by which columns are compared.
pub(super) fn letters(name: &str) -> String {
    let letters = name.chars().filter(|character| character.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// A row of CSV in which every value has quotes, so that none is mistaken for NULL.
pub(super) fn csv_row(fields: &[Field], values: &Values) -> String {
    let mut row = String::new();
    for field in fields {
        if !row.is_empty() {
            row.push(',');
        }
        let value = values[*field as usize].as_deref().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(row, "\"{}\"", value.replace('"', "\"\""));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_compared_by_letters_and_digits() {
        assert_eq!(Field::of_column("E-Mail "), Some(Field::Email));
        assert_eq!(Field::of_column("Full Name"), Some(Field::FullName));
        assert_eq!(Field::of_column("Vorname"), None);
        assert!(is_known_column("Updated At"));
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, place);
        }
    }

    #[test]
    fn every_value_of_a_row_has_quotes() {
        let mut values = Values::default();
        values[0] = Some("a".to_owned());
        values[2] = Some("5\" NULL,".to_owned());
        let fields = [Field::Email, Field::Username, Field::FullName];
        assert_eq!(csv_row(&fields, &values), "\"a\",\"\",\"5\"\" NULL,\"");
    }
}
