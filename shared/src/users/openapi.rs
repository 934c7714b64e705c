//! A row of an import. It is read field by field and has no type of its own to derive from.

use serde_json::{Value, json};

use crate::users::{UserField, limits};

/// The schema of a row, with the limits that rows are checked against.
#[must_use]
pub fn user_create() -> Value {
    let mut properties = serde_json::Map::new();
    for field in UserField::ALL {
        properties.insert(field.name().to_owned(), schema(field));
    }
    let id = json!({
        "type": ["integer", "null"],
        "description": "With `keep_ids`, the id of a new user, from 1 on; without, it is ignored.",
    });
    properties.insert("id".to_owned(), id);
    let updated_at = json!({
        "type": ["string", "null"],
        "description": "Ignored: it is accepted so that users can be sent back as they were received.",
    });
    properties.insert("updated_at".to_owned(), updated_at);
    json!({
        "type": "object",
        "description": "A user to be stored. A field that is `null` or empty text is one that is missing. \
                        White space around values is removed, but for passwords. Where the mapping of the users table \
                        has extra fields, a user has them too.",
        "required": [UserField::Email.name(), UserField::Username.name()],
        "additionalProperties": false,
        "properties": properties,
        "not": {
            "properties": { "password": { "type": "string" }, "password_hash": { "type": "string" } },
            "required": ["password", "password_hash"],
        },
        "example": {
            "email": "ada@example.com",
            "username": "ada",
            "full_name": "Ada Lovelace",
            "password": "correct horse",
        },
    })
}

/// The schema of a change, with the same limits.
#[must_use]
pub fn user_patch() -> Value {
    let mut properties = serde_json::Map::new();
    for field in UserField::ALL {
        if field != UserField::CreatedAt {
            properties.insert(field.name().to_owned(), schema(field));
        }
    }
    for name in [UserField::IsActive.name(), UserField::IsSuperuser.name()] {
        properties[name] = json!({ "type": "boolean" });
    }
    json!({
        "type": "object",
        "description": "What a user shall be from now on. A field that is not sent stays; `null` or empty text \
                        clears `full_name` and the password. Where the mapping of the users table has extra fields, \
                        they are changed too.",
        "additionalProperties": false,
        "properties": properties,
        "not": {
            "properties": { "password": { "type": "string" }, "password_hash": { "type": "string" } },
            "required": ["password", "password_hash"],
        },
        "example": { "full_name": null, "is_active": false },
    })
}

fn schema(field: UserField) -> Value {
    match field {
        UserField::Email => json!({
            "type": "string",
            "maxLength": limits::EMAIL_BYTES,
            "description": "A mailbox of RFC 5321 and 6531 at a domain name (UTS 46) of two labels or more; \
                            counted in bytes. Unique without regard to case. Says who a row means.",
            // The part before the last @ may be a quoted string, which may have spaces and other @s.
            "pattern": "^.+@[^@\\s]+\\.[^@\\s]+$",
            "example": "ada@example.com",
        }),
        UserField::Username => json!({
            "type": "string",
            "minLength": limits::USERNAME_CHARACTERS.start(),
            "maxLength": limits::EMAIL_BYTES,
            "anyOf": [
                {
                    "maxLength": limits::USERNAME_CHARACTERS.end(),
                    // Written so that every dialect of regular expressions reads it; beyond ASCII it lets
                    // through more than the code, which asks for letters, marks and digits.
                    "pattern": "^[^\\u0000-*,/:-?\\[-^`{-\\u00a0\\s]+$",
                },
                { "pattern": "^.+@[^@\\s]+\\.[^@\\s]+$" },
            ],
            "description": "Letters with their marks and digits of any script, and `. _ - + @`; or an email \
                            address. Unique without regard to case.",
            "example": "ada",
        }),
        UserField::FullName => json!({
            "type": ["string", "null"],
            "maxLength": limits::FULL_NAME_CHARACTERS.end(),
            "description": "A name for people, without control or invisible characters; joiners, variation \
                            selectors and direction marks are accepted where scripts and emoji need them.",
        }),
        UserField::Password => json!({
            "type": ["string", "null"],
            "minLength": limits::PASSWORD_MIN_CHARACTERS,
            "maxLength": limits::PASSWORD_MAX_BYTES,
            "description": "Kept as a hash of argon2id; the limit is in bytes. Common passwords and the \
                            user's own names are refused.",
            "writeOnly": true,
        }),
        UserField::PasswordHash => json!({
            "type": ["string", "null"],
            "maxLength": limits::PASSWORD_HASH_BYTES,
            "description": "Instead of `password`: a hash of argon2, bcrypt, scrypt or pbkdf2 with a \
                            bounded cost, in one of the writings of docs/password-hashes.md; or a marker of \
                            an account without a password, such as `!`.",
            "writeOnly": true,
        }),
        UserField::IsActive => json!({
            "type": ["boolean", "null"],
            "description": "Whether the user may do anything; `true` unless said otherwise.",
        }),
        UserField::IsSuperuser => json!({
            "type": ["boolean", "null"],
            "description": "Whether the user may administrate others; `false` unless said otherwise.",
        }),
        UserField::CreatedAt => json!({
            "type": ["string", "null"],
            "format": "date-time",
            "description": "When the user signed up, with the offset; now unless said otherwise. Stored \
                            users keep theirs.",
        }),
    }
}
