//! `WordPress`: the table `wp_users` as CSV, and what `wp user list` prints.

use super::read::{none_set, text, unlike_others, utc_time};
use super::{Rule, Vendor};
use crate::import::field::Field;

pub(super) const WORDPRESS: Vendor = Vendor {
    name: "WordPress",
    signs: &[&["user_login", "user_email"]],
    rules: &[
        Rule::new(Field::Id, &["ID"], text),
        Rule::new(Field::Email, &["user_email"], text),
        Rule::new(Field::Username, &["user_login"], text),
        // Nobody has chosen a name that is the same as the login.
        Rule::new(
            Field::FullName,
            &["display_name", "user_login"],
            unlike_others,
        ),
        Rule::new(Field::PasswordHash, &["user_pass"], text),
        // A network of sites has these columns.
        Rule::new(Field::IsActive, &["spam", "deleted"], none_set),
        Rule::new(Field::CreatedAt, &["user_registered"], utc_time),
    ],
    ..Vendor::DEFAULT
};
