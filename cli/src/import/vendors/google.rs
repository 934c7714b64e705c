//! Google Workspace: CSV files of its console, lists of the Directory API, and CSV files of GAM.

use std::slice::from_ref;

use super::read::{Found, joined, none_set, password, scalar, status, text, time};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;

const PASSWORD: &str = "Password [Required]";
const HASH_FUNCTION: &str = "Password Hash Function [UPLOAD ONLY]";

pub(super) const GOOGLE: Vendor = Vendor {
    name: "Google Workspace",
    signs: &[
        &["Email Address [Required]", "Last Name [Required]"],
        &["primaryEmail"],
    ],
    rules: &[
        Rule::new(
            Field::Email,
            &["Email Address [Required]", "primaryEmail"],
            text,
        ),
        Rule::new(Field::FullName, &["name.fullName"], text),
        Rule::new(
            Field::FullName,
            &[
                "First Name [Required]",
                "Last Name [Required]",
                "name.givenName",
                "name.familyName",
            ],
            joined,
        ),
        Rule::new(Field::Password, &[PASSWORD, HASH_FUNCTION], plain_password),
        Rule::new(
            Field::PasswordHash,
            &[PASSWORD, HASH_FUNCTION],
            password_hash,
        ),
        Rule::new(
            Field::IsActive,
            &["New Status [UPLOAD ONLY]", "Status [READ ONLY]"],
            status,
        ),
        Rule::new(Field::IsActive, &["suspended", "archived"], none_set),
        Rule::new(Field::CreatedAt, &["creationTime"], time),
    ],
    ..Vendor::DEFAULT
};

fn plain_password(found: &Found<'_>, context: &Context) -> Option<String> {
    let [text, function] = found else {
        return None;
    };
    let is_plain = scalar(function).is_none();
    password(from_ref(text), context).filter(|_| is_plain)
}

fn password_hash(found: &Found<'_>, context: &Context) -> Option<String> {
    let [text, function] = found else {
        return None;
    };
    let is_hash = scalar(function).is_some();
    password(from_ref(text), context).filter(|_| is_hash)
}
