//! Django: `dumpdata` of a model of users, and the table `auth_user` as CSV.

use serde_json::Value;

use super::read::{joined, text, time};
use super::{Rule, Vendor};
use crate::import::field::Field;
use crate::import::row::Row;

pub(super) const DJANGO: Vendor = Vendor {
    name: "Django",
    signs: &[
        &["model", "fields"],
        &["password", "is_staff", "is_superuser", "date_joined"],
    ],
    rules: &[
        Rule::new(Field::Id, &["pk", "id"], text),
        Rule::new(Field::Email, &["email"], text),
        Rule::new(Field::Username, &["username"], text),
        Rule::new(Field::FullName, &["first_name", "last_name"], joined),
        Rule::new(Field::FullName, &["name", "full_name"], text),
        Rule::new(Field::PasswordHash, &["password"], text),
        Rule::new(Field::IsActive, &["is_active"], text),
        Rule::new(Field::IsSuperuser, &["is_superuser"], text),
        Rule::new(Field::CreatedAt, &["date_joined"], time),
    ],
    prepare: flatten,
    left_out: other_model,
    ..Vendor::DEFAULT
};

/// Makes members of `fields`.
fn flatten(mut row: Row) -> Row {
    if let Some(Value::Object(fields)) = row.0.remove("fields") {
        row.0.extend(fields);
    }
    row
}

/// A dump of an application has its other models too.
fn other_model(row: &Row) -> Option<&'static str> {
    let is_other = row.0.contains_key("model") && !row.0.contains_key("password");
    is_other.then_some("object of another model")
}
