//! Auth0: exports of users, dumps with password hashes, and files for its own import.

use serde_json::Value;

use super::read::{Found, joined, none_set, scalar, text, time, unlike_others};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;

pub(super) const AUTH0: Vendor = Vendor {
    name: "Auth0",
    signs: &[
        &["user_id", "email_verified", "nickname"],
        &["user_id", "identities"],
        &["_id", "passwordHash", "tenant"],
        &["email", "custom_password_hash"],
    ],
    rules: &[
        Rule::new(Field::Email, &["email", "identifiers"], email),
        Rule::new(Field::Username, &["username"], text),
        // The name of an account that was made with an email is that email.
        Rule::new(
            Field::FullName,
            &["name", "email", "username"],
            unlike_others,
        ),
        Rule::new(Field::FullName, &["given_name", "family_name"], joined),
        Rule::new(
            Field::PasswordHash,
            &[
                "passwordHash",
                "password_hash",
                "custom_password_hash.hash.value",
            ],
            text,
        ),
        Rule::new(Field::IsActive, &["blocked"], none_set),
        Rule::new(Field::CreatedAt, &["created_at"], time),
    ],
    ..Vendor::DEFAULT
};

/// Dumps may have the address in a list of identifiers alone.
fn email(found: &Found<'_>, _: &Context) -> Option<String> {
    let [email, identifiers] = found else {
        return None;
    };
    let of_type = |identifier: &&Value| identifier["type"] == "email";
    let identifier = || identifiers.as_array()?.iter().find(of_type);
    scalar(email).or_else(|| scalar(&identifier()?["value"]))
}
