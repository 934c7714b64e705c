//! Supabase: the table `auth.users` as CSV, and lists of its administration API.

use super::read::{Found, is_over, scalar, text, utc_time};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;
use crate::import::row::Row;

pub(super) const SUPABASE: Vendor = Vendor {
    name: "Supabase",
    signs: &[
        &["aud", "encrypted_password", "raw_user_meta_data"],
        &["aud", "user_metadata", "app_metadata"],
    ],
    rules: &[
        Rule::new(Field::Email, &["email"], text),
        Rule::new(
            Field::Username,
            &[
                "raw_user_meta_data.username",
                "raw_user_meta_data.user_name",
                "user_metadata.username",
                "user_metadata.user_name",
            ],
            text,
        ),
        Rule::new(
            Field::FullName,
            &[
                "raw_user_meta_data.full_name",
                "raw_user_meta_data.name",
                "raw_user_meta_data.display_name",
                "user_metadata.full_name",
                "user_metadata.name",
                "user_metadata.display_name",
            ],
            text,
        ),
        Rule::new(Field::PasswordHash, &["encrypted_password"], text),
        Rule::new(Field::IsActive, &["banned_until"], is_free),
        Rule::new(Field::CreatedAt, &["created_at"], utc_time),
    ],
    left_out,
    ..Vendor::DEFAULT
};

/// A ban ends at a time.
fn is_free(found: &Found<'_>, context: &Context) -> Option<String> {
    let until = found.first().and_then(|value| scalar(value))?;
    Some(is_over(&until, context).to_string())
}

fn left_out(row: &Row) -> Option<&'static str> {
    let says = |name: &str| scalar(&row.get(name));
    if says("deleted_at").is_some() {
        Some("deleted account")
    } else if says("is_anonymous").is_some_and(|flag| flag.starts_with('t')) {
        Some("anonymous account")
    } else {
        None
    }
}
