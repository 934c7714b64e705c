//! Which fields the users of this deployment have.

use super::{password, user_field::UserField};
use crate::platform::config::{BulkConfig, ExtraFields, PasswordHash, UsersMapping, UsersTable};

/// What bcrypt takes of a password: all else would be cut off.
const BCRYPT_BYTES: usize = 72;

/// Which fields requests may write. All of them in rollcall's own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserFields {
    writable: [bool; UserField::ALL.len()],
    password_bytes: usize,
    extra: ExtraFields,
}

impl UserFields {
    /// All.
    pub const ALL: Self = Self {
        writable: [true; UserField::ALL.len()],
        password_bytes: password::MAX_BYTES,
        extra: ExtraFields::NONE,
    };

    /// Those of the configured table, with passwords that can be hashed as configured.
    #[must_use]
    pub fn of(table: &UsersTable, bulk: &BulkConfig) -> Self {
        let mut fields = Self::of_table(table);
        match bulk.password_hash {
            PasswordHash::Bcrypt => fields.password_bytes = BCRYPT_BYTES,
            PasswordHash::None => fields.writable[UserField::Password as usize] = false,
            PasswordHash::Argon2id | PasswordHash::Pbkdf2Django | PasswordHash::ScryptWerkzeug => {}
        }
        fields
    }

    /// Those of a table.
    #[must_use]
    pub fn of_table(table: &UsersTable) -> Self {
        let writable = table.mapping().map(Self::of_mapping);
        Self {
            writable: writable.unwrap_or(Self::ALL.writable),
            extra: table.extra(),
            ..Self::ALL
        }
    }

    fn of_mapping(mapping: &UsersMapping) -> [bool; UserField::ALL.len()] {
        let fields = mapping.fields();
        UserField::ALL.map(|field| {
            let name = match field {
                UserField::Password => UserField::PasswordHash.name(),
                field => field.name(),
            };
            let mapped = fields.iter().find(|(mapped, _)| *mapped == name);
            mapped
                .and_then(|(_, mapping)| *mapping)
                .is_some_and(|mapping| !mapping.written().is_empty())
        })
    }

    /// Whether requests may write a field.
    #[must_use]
    pub fn has(self, field: UserField) -> bool {
        self.writable[field as usize]
    }

    /// Fields that only the table of another application has.
    #[must_use]
    pub fn extra(self) -> ExtraFields {
        self.extra
    }

    /// How many bytes a plaintext password may have.
    pub(super) fn password_bytes(self) -> usize {
        self.password_bytes
    }
}
