//! `rollcall users get`, and the user that other commands mean.

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::api::{Api, Request, name};
use crate::failure::Failure;
use crate::output;

/// Options of `rollcall users get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rollcall users get 17
  rollcall users get ada@example.com
  rollcall users get ada --json | jq .is_active
  rollcall users get --by username 4711")]
pub struct Arguments {
    /// The id, the email or the username of the user
    user: String,
    /// What it is; without this, a number or a UUID is an id, and text with @ is an email
    #[arg(long, value_enum)]
    by: Option<Key>,
}

/// What tells users apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Key {
    Id,
    Email,
    Username,
}

#[derive(Deserialize)]
struct Found {
    items: Vec<Box<RawValue>>,
}

/// The fields of a user, in the order of the API.
const FIELDS: [&str; 8] = [
    "id",
    "email",
    "username",
    "full_name",
    "is_active",
    "is_superuser",
    "created_at",
    "updated_at",
];

/// Prints the user that is meant.
pub fn get(arguments: &Arguments, api: &Api, is_json: bool) -> Result<()> {
    print(&find(arguments, api)?, is_json)
}

/// Prints a user, each field on a line.
pub fn print(user: &RawValue, is_json: bool) -> Result<()> {
    if is_json {
        return Ok(output::print(user.get())?);
    }
    let fields: Map<String, Value> = serde_json::from_str(user.get())?;
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by_key(|(name, _)| FIELDS.iter().position(|field| field == name));
    let rows = fields
        .into_iter()
        .map(|(name, value)| [name.replace('_', " "), text(value)]);
    let rows: Vec<_> = rows.collect();
    Ok(output::print(&output::table(&rows))?)
}

/// A value for people.
pub fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        Value::Bool(flag) => if flag { "yes" } else { "no" }.to_owned(),
        other => other.to_string(),
    }
}

/// The path of a user. An id may be text with any characters.
pub fn path(id: Value) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = text(id).bytes().map(encode).collect();
    format!("/api/v1/users/{encoded}")
}

/// The user that is meant.
pub fn find(arguments: &Arguments, api: &Api) -> Result<Box<RawValue>> {
    let text = &arguments.user;
    let key = arguments.by.unwrap_or_else(|| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) || is_uuid(text) {
            Key::Id
        } else if text.contains('@') {
            Key::Email
        } else {
            Key::Username
        }
    });
    let key = name(&key);
    let request = Request::get("/api/v1/users").query(&key, Some(text));
    let page: Found = api.send(&request)?.json()?;
    let mut users = page.items.into_iter();
    let nobody = || Failure::Negative(format!("no user has the {key} {text}"));
    Ok(users.next().ok_or_else(nobody)?)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_of_every_kind_have_a_path() {
        for (id, expected) in [
            (json!(17), "/api/v1/users/17"),
            (json!("auth0|5/7 ü"), "/api/v1/users/auth0%7C5%2F7%20%C3%BC"),
        ] {
            assert_eq!(path(id), expected);
        }
        assert!(is_uuid("0190C6E0-7a00-7000-8000-00000000000a"));
        assert!(!is_uuid("0190C6E07a00-7000-8000-00000000000a1"));
    }
}
