//! What all tests of imports use.

use rig::{Request, Response};
use serde_json::{Value, json};

use crate::fixture::Fixture;

pub const BULK: &str = "/api/v1/users/bulk";

/// A user without a password.
pub fn user(name: &str) -> Value {
    json!({ "email": format!("{name}@example.com"), "username": name })
}

/// Many users without passwords.
pub fn users(prefix: &str, count: usize) -> Value {
    (0..count)
        .map(|number| user(&format!("{prefix}{number}")))
        .collect()
}

/// A request with an Idempotency-Key.
pub fn keyed(fixture: &Fixture, key: &str, rows: &Value) -> Request {
    fixture.post(BULK).header("idempotency-key", key).json(rows)
}

/// Where each detail of an error points, and its code; the field is empty for a whole row.
pub fn places(response: &Response) -> Vec<(i64, String, String)> {
    let body = response.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    body["details"]
        .as_array()
        .unwrap_or_else(|| panic!("no details in {}", response.text()))
        .iter()
        .map(|detail| {
            let index = detail["index"].as_i64().unwrap();
            (index, text(&detail["field"]), text(&detail["code"]))
        })
        .collect()
}

/// A place as [`places`] gives it.
pub fn place(index: i64, field: &str, code: &str) -> (i64, String, String) {
    (index, field.to_owned(), code.to_owned())
}

/// The `result` of every user of an answer.
pub fn results(response: &Response) -> Vec<String> {
    let body = response.json();
    body.as_array()
        .unwrap_or_else(|| panic!("no users in {}", response.text()))
        .iter()
        .map(|user| user["result"].as_str().unwrap().to_owned())
        .collect()
}
