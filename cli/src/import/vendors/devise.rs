//! Devise: a table of a Rails application as CSV or JSON.

use super::read::{joined, text, utc_time};
use super::{Rule, Vendor};
use crate::import::field::Field;

pub(super) const DEVISE: Vendor = Vendor {
    name: "Devise",
    signs: &[
        &["encrypted_password", "reset_password_token"],
        &["encrypted_password", "remember_created_at"],
        &["encrypted_password", "sign_in_count"],
    ],
    rules: &[
        Rule::new(Field::Id, &["id"], text),
        Rule::new(Field::Email, &["email"], text),
        Rule::new(Field::Username, &["username", "login"], text),
        Rule::new(Field::FullName, &["name", "full_name"], text),
        Rule::new(Field::FullName, &["first_name", "last_name"], joined),
        Rule::new(Field::PasswordHash, &["encrypted_password"], text),
        // Rails stores times in UTC, without saying so.
        Rule::new(Field::CreatedAt, &["created_at"], utc_time),
    ],
    ..Vendor::DEFAULT
};
