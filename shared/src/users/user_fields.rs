//! Which fields the users of this deployment have.

use std::collections::BTreeMap;

use serde::Serialize;

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

/// What users of this deployment have of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldAccess {
    /// Whether users can have it. In the table of another application, a field may be missing.
    pub is_present: bool,
    /// Whether requests may write it.
    pub is_writable: bool,
}

/// What users of a table have of each field, by its name.
#[must_use]
pub fn field_access(table: &UsersTable, fields: UserFields) -> BTreeMap<&'static str, FieldAccess> {
    let is_present = |name| {
        let mapped = table.mapping().map(UsersMapping::fields);
        mapped.is_none_or(|mapped| {
            mapped
                .iter()
                .any(|(field, mapping)| *field == name && mapping.is_some())
        })
    };
    let access = |field: UserField| {
        let access = FieldAccess {
            is_present: is_present(stored_name(field)),
            is_writable: fields.has(field),
        };
        (field.name(), access)
    };
    let updated_at = FieldAccess {
        is_present: is_present("updated_at"),
        is_writable: false,
    };
    let all = UserField::ALL.into_iter().map(access);
    all.chain([("updated_at", updated_at)]).collect()
}

/// The field of a mapping that holds it.
fn stored_name(field: UserField) -> &'static str {
    match field {
        UserField::Password => UserField::PasswordHash.name(),
        field => field.name(),
    }
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
            let name = stored_name(field);
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
