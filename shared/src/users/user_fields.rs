//! Which fields the users of this deployment have.

use super::user_field::UserField;
use crate::platform::config::{UsersMapping, UsersTable};

/// Which fields requests may write. All of them in rollcall's own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserFields([bool; UserField::ALL.len()]);

impl UserFields {
    /// All.
    pub const ALL: Self = Self([true; UserField::ALL.len()]);

    /// Those of the configured table.
    #[must_use]
    pub fn of(table: &UsersTable) -> Self {
        table.mapping().map_or(Self::ALL, Self::of_mapping)
    }

    fn of_mapping(mapping: &UsersMapping) -> Self {
        let fields = mapping.fields();
        Self(UserField::ALL.map(|field| {
            let name = match field {
                UserField::Password => UserField::PasswordHash.name(),
                field => field.name(),
            };
            let mapped = fields.iter().find(|(mapped, _)| *mapped == name);
            mapped
                .and_then(|(_, mapping)| *mapping)
                .is_some_and(|mapping| !mapping.written().is_empty())
        }))
    }

    /// Whether requests may write a field.
    #[must_use]
    pub fn has(self, field: UserField) -> bool {
        self.0[field as usize]
    }
}
