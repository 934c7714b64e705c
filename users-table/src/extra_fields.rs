//! Columns of the application that the API shows and writes under names of their own.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A row of JSON can be made of this many by one call of the server's function.
const MAX: usize = 50;

/// What the API has beside the fields of a user, or needs for itself.
const RESERVED: [&str; 16] = [
    "id",
    "email",
    "username",
    "full_name",
    "password",
    "password_hash",
    "is_active",
    "is_superuser",
    "created_at",
    "updated_at",
    "result",
    "missing",
    "extra",
    "end",
    "fields",
    "no_new_users",
];

/// A field that only the table of another application has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtraField {
    /// What the API calls it.
    pub name: &'static str,
    /// The column.
    pub column: &'static str,
}

/// All of them, in the order of their names. They live as long as the program, as its configuration does, so that
/// errors can name them like other fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtraFields(&'static [ExtraField]);

impl ExtraFields {
    /// None, as in rollcall's own table.
    pub const NONE: Self = Self(&[]);

    /// Of names and their columns.
    #[must_use]
    pub fn new(columns: BTreeMap<String, String>) -> Self {
        let fields = columns.into_iter().map(|(name, column)| ExtraField {
            name: name.leak(),
            column: column.leak(),
        });
        Self(Vec::leak(fields.collect()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = ExtraField> {
        self.0.iter().copied()
    }

    /// The one of that name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<ExtraField> {
        self.iter().find(|field| field.name == name)
    }

    /// Whether a field can have a name.
    pub(crate) fn is_possible(name: &str) -> bool {
        let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(is_of_word)
            && !RESERVED.contains(&name)
    }

    /// All that is wrong with the names.
    pub(crate) fn mistakes(self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.0.len() > MAX {
            mistakes.push(format!("\"extra\" may have at most {MAX} fields"));
        }
        for ExtraField { name, .. } in self.iter() {
            if RESERVED.contains(&name) {
                mistakes.push(format!(
                    "\"extra\" cannot have a field {name}: the API has one"
                ));
            } else if !Self::is_possible(name) {
                mistakes.push(format!(
                    "\"extra\" has the field {name:?}: a name is letters, digits and underscores"
                ));
            }
        }
        mistakes
    }
}

impl Serialize for ExtraFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|field| (field.name, field.column)))
    }
}

impl<'de> Deserialize<'de> for ExtraFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::new)
    }
}
