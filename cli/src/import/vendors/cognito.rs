//! Amazon Cognito: what `list-users` and `admin-get-user` answer, and the CSV file of its own import.

use serde_json::Value;

use super::read::{Found, joined, scalar, text, time};
use super::{Context, Rule, Vendor};
use crate::import::field::Field;
use crate::import::row::Row;

pub(super) const COGNITO: Vendor = Vendor {
    name: "Amazon Cognito",
    signs: &[
        &["Username", "Attributes", "UserStatus"],
        &["Username", "UserAttributes", "UserStatus"],
        &["cognito:username", "email_verified"],
    ],
    rules: &[
        Rule::new(Field::Email, &["email"], text),
        Rule::new(
            Field::Username,
            &["sub", "preferred_username", "cognito:username", "Username"],
            username,
        ),
        Rule::new(Field::FullName, &["name"], text),
        Rule::new(Field::FullName, &["given_name", "family_name"], joined),
        Rule::new(Field::IsActive, &["Enabled"], text),
        Rule::new(Field::CreatedAt, &["UserCreateDate"], time),
    ],
    prepare: flatten,
    ..Vendor::DEFAULT
};

/// Makes members of the attributes, which `admin-get-user` calls by another name.
fn flatten(mut row: Row) -> Row {
    for name in ["Attributes", "UserAttributes"] {
        let Some(Value::Array(attributes)) = row.0.remove(name) else {
            continue;
        };
        for mut attribute in attributes {
            if let Value::String(name) = attribute["Name"].take() {
                row.0.insert(name, attribute["Value"].take());
            }
        }
    }
    row
}

/// A pool that is signed in to by email has users whose name is their id.
fn username(found: &Found<'_>, _: &Context) -> Option<String> {
    let (id, names) = found.split_first()?;
    let id = scalar(id);
    let mut names = names.iter().filter_map(|name| scalar(name));
    names.find(|name| Some(name) != id.as_ref() && !is_uuid(name))
}

fn is_uuid(text: &str) -> bool {
    let is_hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.split('-').all(is_hexadecimal)
}
