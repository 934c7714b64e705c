//! What the document of the API says of imports.

use serde_json::{Value, json};
use shared::{
    platform::{
        error::Error,
        function::Function,
        openapi::{
            Operation, Part, errors_with, flag, idempotency_key, json_response, query_parameter,
            request_header, response_header, schema_ref, words,
        },
    },
    users::{AcceptedHashes, Guard},
};

use crate::{
    BulkCreate,
    answer::{Counts, UserBody},
    body::{MAX_BYTES, MAX_DECOMPRESSED_BYTES, media_types},
    options::ON_CONFLICT,
};

/// The most that `BULK_MAX_ROWS` can be, and what it is unless a deployment sets it.
const MAX_ROWS: usize = shared::platform::config::MAX_BULK_ROWS;

/// The import.
#[must_use]
pub fn part() -> Part {
    Part::default()
        .schema::<UserBody<'_>>(&[])
        .schema::<Counts>(&[])
        .schema_value("UserCreate", shared::users::openapi::user_create())
        .operation(&BulkCreate::ROUTES[0], Operation {
            id: "importUsers",
            tag: "users",
            summary: "Store many users in one transaction",
            description: format!(
                "All of them or none. Up to {MAX_ROWS} users and {MAX_BYTES} bytes, in one of three \
                 formats, each also with `Content-Encoding: gzip` (up to {MAX_DECOMPRESSED_BYTES} \
                 bytes when decompressed). On failure nothing is written, and `details` lists every \
                 bad row."
            ),
            parameters: parameters(),
            request_body: Some(request_body()),
            responses: vec![
                (
                    "200",
                    answer("Nobody was created: stored users were updated or skipped, or it was a dry run."),
                ),
                ("201", answer("Users were created.")),
            ],
            errors: errors(),
        })
}

fn parameters() -> Vec<Value> {
    vec![
        query_parameter(
            "on_conflict",
            words(ON_CONFLICT.iter().map(|(word, _)| *word), "fail"),
            "What to do with users who are stored already: refuse the import, leave them as they are, \
             or set what the row says.",
        ),
        query_parameter("dry_run", flag(), "Check everything and write nothing."),
        query_parameter(
            "accept_hashes",
            json!({
                "type": "string",
                "pattern": format!("^({names})(,({names}))*$", names = AcceptedHashes::names().join("|")),
                "example": AcceptedHashes::names().join(","),
            }),
            "Algorithms, with commas between them, of which `password_hash` is stored beside argon2, bcrypt, \
             scrypt and pbkdf2. See docs/password-hashes.md.",
        ),
        query_parameter(
            "keep_ids",
            flag(),
            "Give new users the ids of their rows. An id that another user has is a conflict.",
        ),
        query_parameter(
            "spreadsheet",
            flag(),
            "Take away the `'` that an export with `spreadsheet` put in front of cells of CSV.",
        ),
        idempotency_key(),
        request_header(
            "Prefer",
            json!({ "type": "string" }),
            "`return=minimal` asks for counts instead of users.",
        ),
        request_header(
            "Content-Encoding",
            json!({ "type": "string", "enum": ["gzip", "x-gzip", "identity"] }),
            "How the body is compressed.",
        ),
    ]
}

fn request_body() -> Value {
    let user =
        json!({ "email": "ada@example.com", "username": "ada", "password": "correct horse" });
    let [json_type, ndjson, csv] = media_types();
    json!({
        "required": true,
        "content": {
            json_type: {
                "schema": {
                    "type": "array",
                    "items": schema_ref("UserCreate"),
                    "minItems": 1,
                    "maxItems": MAX_ROWS,
                },
                "example": [user],
            },
            ndjson: {
                "schema": {
                    "type": "string",
                    "description": "A `UserCreate` object on every line; blank lines are skipped.",
                },
                "example": format!("{user}\n"),
            },
            csv: {
                "schema": {
                    "type": "string",
                    "description": "RFC 4180 with a header row of the names of `UserCreate`, and with \
                                    commas, semicolons, tabs or |. An empty cell is an absent value.",
                },
                "example": "email,username,full_name\nada@example.com,ada,Ada Lovelace\n",
            },
        },
    })
}

fn answer(description: &str) -> Value {
    let mut response = json_response(
        description,
        json!({ "oneOf": [
            { "type": "array", "items": schema_ref("ImportedUser") },
            schema_ref("ImportCounts"),
        ] }),
        json!([{
            "id": 7,
            "email": "ada@example.com",
            "username": "ada",
            "full_name": null,
            "is_active": true,
            "is_superuser": false,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "result": "created",
        }]),
    );
    response["headers"] = json!({
        "Idempotent-Replayed": response_header("Idempotent-Replayed"),
        "Preference-Applied": response_header("Preference-Applied"),
    });
    response
}

/// The errors that only imports have.
fn errors() -> Vec<Error> {
    errors_with(&[
        "conflict",
        "idempotency_in_progress",
        "idempotency_mismatch",
        "too_large",
        "unsupported_media_type",
        "validation_failed",
    ])
    .map(|error| error.nothing_was("imported"))
    .chain([Guard::OwnRights, Guard::LastSuperuser].map(Guard::error))
    .collect()
}
