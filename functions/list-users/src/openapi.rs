//! What the document of the API says of lists.

use lambda_http::http::HeaderValue;
use serde_json::{Value, json};
use shared::{
    platform::{
        error::Error,
        function::Function,
        openapi::{
            Operation, Part, flag, json_response, query_parameter, response_header, schema_ref,
            words,
        },
    },
    users::{Guard, limits},
};

use crate::{
    ListUsers,
    parameters::{COUNTS, DEFAULT_SIZE, MAX_DEPTH, MAX_IDS, MAX_SIZE, SORT_KEYS, SORT_ORDERS},
    response_body::ListBody,
};

const DESCRIPTION: &str = "\
All filters combine. Ties are broken by id, so that no page overlaps another. Walk a list by repeating \
the request with `cursor` set to `next_cursor` until it is `null`: rows that are added or removed \
meanwhile never make you skip or repeat another.

`search` does not combine with `email`, `username`, `id`, `created_from` and `created_to`: no index serves both.

With `search`, `complete` is `false` if the request had to stop before it had looked through the whole \
list: the page then has fewer than `size` users, or none, while `next_cursor` (or `prev_cursor`) says \
where to go on; only a `next_cursor` that is `null` means the end.";

/// The list.
#[must_use]
pub fn part() -> Part {
    let mut ok = json_response(
        "A page of users.",
        schema_ref("UserList"),
        json!({
            "items": [user()],
            "total": 10_001,
            "total_relation": "eq",
            "page": 1,
            "size": 1,
            "pages": 10_001,
            "complete": true,
            "next_cursor": "eyJkIjoibiIs",
            "prev_cursor": null,
        }),
    );
    ok["headers"] = json!({ "Link": response_header("Link") });
    let part = Part::default().schema::<ListBody>(&[]).operation(
        &ListUsers::ROUTES[0],
        Operation {
            id: "listUsers",
            tag: "users",
            summary: "List users by filter, search and order",
            description: DESCRIPTION.to_owned(),
            parameters: parameters(),
            request_body: None,
            responses: vec![("200", ok)],
            errors: vec![Error::invalid_request(format!(
                "Parameter size must be a whole number from 1 to {MAX_SIZE}"
            ))],
        },
    );
    [
        crate::create_user::describe,
        crate::one_user::describe,
        crate::update_user::describe,
        crate::delete_user::describe,
        crate::restore_user::describe,
        crate::bulk_changes::describe,
        crate::me::describe,
        crate::export::describe,
        crate::audit::describe,
    ]
    .into_iter()
    .fold(part, |part, describe| describe(part))
}

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

fn parameters() -> Vec<Value> {
    let number = |maximum: u32, default: u32| json!({ "type": "integer", "minimum": 1, "maximum": maximum, "default": default });
    let mut parameters = filters();
    parameters.extend([
        query_parameter(
            "sort_by",
            words(SORT_KEYS.iter().map(|(word, _)| *word), "created_at"),
            "`username` and `email` sort in lower case, by code point.",
        ),
        query_parameter(
            "sort_order",
            words(SORT_ORDERS.iter().map(|(word, _)| *word), "desc"),
            "Which way.",
        ),
        query_parameter(
            "page",
            number(MAX_DEPTH, 1),
            &format!(
                "Counted from 1, as far as {MAX_DEPTH} users deep (`page` times `size`). Not together \
                 with `cursor`."
            ),
        ),
        query_parameter(
            "size",
            number(MAX_SIZE, DEFAULT_SIZE),
            "The most users of a page.",
        ),
        query_parameter(
            "cursor",
            json!({
                "type": "string",
                "maxLength": limits::CURSOR_BYTES,
                "pattern": "^[A-Za-z0-9_-]*$",
            }),
            "A `next_cursor` or `prev_cursor` of the same list: with the same filters and order.",
        ),
        query_parameter(
            "count",
            words(COUNTS.iter().map(|(word, _)| *word), "capped"),
            "How to count all users that match: to the last one, up to a limit if `search` or a range of times \
             is given, or not at all.",
        ),
    ]);
    parameters
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
