//! Okta: lists of the users API, and CSV files of its console.

use super::read::{joined, status, text, time};
use super::{Rule, Vendor};
use crate::import::field::Field;

pub(super) const OKTA: Vendor = Vendor {
    name: "Okta",
    signs: &[
        &["id", "status", "profile"],
        &["login", "secondEmail", "honorificPrefix"],
    ],
    rules: &[
        Rule::new(
            Field::Email,
            &["profile.email", "email", "Primary email"],
            text,
        ),
        Rule::new(
            Field::Username,
            &["profile.login", "login", "Username"],
            text,
        ),
        Rule::new(
            Field::FullName,
            &["profile.displayName", "displayName"],
            text,
        ),
        Rule::new(
            Field::FullName,
            &[
                "profile.firstName",
                "profile.lastName",
                "firstName",
                "lastName",
            ],
            joined,
        ),
        Rule::new(Field::IsActive, &["status"], status),
        Rule::new(Field::CreatedAt, &["created", "Created on"], time),
    ],
    ..Vendor::DEFAULT
};
