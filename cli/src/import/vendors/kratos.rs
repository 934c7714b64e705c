//! Ory Kratos: identities, with the credentials that were asked for.

use super::read::{joined, status, text, time};
use super::{Rule, Vendor};
use crate::import::field::Field;

pub(super) const KRATOS: Vendor = Vendor {
    name: "Ory Kratos",
    signs: &[&["schema_id", "traits"]],
    rules: &[
        Rule::new(
            Field::Email,
            &[
                "traits.email",
                "verifiable_addresses.0.value",
                "traits.emails.0",
            ],
            text,
        ),
        Rule::new(
            Field::Username,
            &["traits.username", "traits.preferred_username"],
            text,
        ),
        Rule::new(Field::FullName, &["traits.name", "traits.full_name"], text),
        Rule::new(
            Field::FullName,
            &[
                "traits.name.first",
                "traits.name.last",
                "traits.first_name",
                "traits.last_name",
            ],
            joined,
        ),
        Rule::new(
            Field::PasswordHash,
            &["credentials.password.config.hashed_password"],
            text,
        ),
        Rule::new(Field::IsActive, &["state"], status),
        Rule::new(Field::CreatedAt, &["created_at"], time),
    ],
    ..Vendor::DEFAULT
};
