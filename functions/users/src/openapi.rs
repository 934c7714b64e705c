//! What several of these routes say in the document of the API.

use lambda_http::http::HeaderValue;
use serde_json::{Value, json};
use shared::{
    platform::{
        error::Error,
        openapi::{flag, query_parameter, schema_ref},
    },
    users::{Guard, limits},
};

use crate::parameters::MAX_IDS;

/// The parameters that decide which users a list has.
pub(crate) fn filters() -> Vec<Value> {
    vec![
        query_parameter("is_active", flag(), "Only active or only inactive users."),
        query_parameter("is_superuser", flag(), "Only superusers or only others."),
        query_parameter(
            "search",
            json!({
                "type": "string",
                "maxLength": limits::SEARCH_CHARACTERS,
                "pattern": "^[^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f]*$",
            }),
            &format!(
                "Only users who have all these words in username, email or full name, in any order, \
                 regardless of case and accents. Words in double quotes are one piece; {} words at most. All \
                 other characters are ordinary ones; control characters are refused.",
                limits::SEARCH_WORDS
            ),
        ),
        query_parameter(
            "email",
            exact_value(),
            "Only the user with this email, regardless of case as uniqueness is.",
        ),
        query_parameter(
            "username",
            exact_value(),
            "Only the user with this username, regardless of case as uniqueness is.",
        ),
        query_parameter(
            "id",
            json!({ "type": "array", "maxItems": MAX_IDS, "items": schema_ref("UserId") }),
            "Only users with these ids: repeated, or separated by commas.",
        ),
        query_parameter(
            "created_from",
            time(),
            "Only users created at this instant or later; a date is its beginning in UTC. It needs \
             `sort_by=created_at`, unless users are looked up.",
        ),
        query_parameter(
            "created_to",
            time(),
            "Only users created before this instant; else as `created_from`.",
        ),
    ]
}

fn exact_value() -> Value {
    json!({
        "type": "string",
        "maxLength": limits::EXACT_VALUE_CHARACTERS,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    })
}

fn time() -> Value {
    json!({ "anyOf": [
        { "type": "string", "format": "date-time" },
        { "type": "string", "format": "date" },
    ] })
}

/// Errors that only these routes have, for the catalogue.
#[must_use]
pub fn errors() -> Vec<Error> {
    let bulk = crate::bulk_changes::errors();
    let mut errors = vec![
        Guard::OwnRights.error(),
        Guard::LastSuperuser.error(),
        crate::delete_user::referenced_error(),
        stale(),
        crate::restore_user::error(),
        crate::refusals::LOG_IS_OFF,
        crate::export::PASSWORD_HASHES_OFF,
    ];
    errors.extend(bulk);
    errors
}

/// An example of the answer to a change of a user who is not as `If-Match` says.
pub(crate) fn stale() -> Error {
    Error::PreconditionFailed {
        current: user(),
        etag: HeaderValue::from_static("\"NqmyPmjcC3mWqf3rbBhdYA\""),
    }
}

pub(crate) fn user() -> Value {
    json!({
        "id": 1,
        "email": "ada@example.com",
        "username": "ada",
        "full_name": "Ada Lovelace",
        "is_active": true,
        "is_superuser": true,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    })
}
