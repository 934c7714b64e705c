//! What the document of the API says of changes of many users.

use serde_json::{Map, Value, json};
use shared::{
    platform::{
        config::MAX_BULK_ROWS,
        error::Error,
        http::router::Route,
        openapi::{
            Operation, Part, errors_with, idempotency_key, json_response, response_header,
            schema_ref,
        },
    },
    users::{UserField, limits},
};

use super::{DELETE, EXAMPLES, REFERENCED, UPDATE, cursor, request::count_differs};
use crate::{Users, body::JSON, parameters::MAX_IDS};

const WHO: &str = "\
The users are named by `ids` or `emails`, or are those that pass a `filter`, which has the parameters of the \
list. With a filter, `expected_count` is required: the `count` that a dry run tells. If another number of \
users passes it now, nothing is done, and 409 `count_differs` has the new one. An empty filter needs `all`.

All users of a request are done in one transaction. Where more users pass a filter than it takes, `next` is not \
`null`: send the same request with `cursor` set to it, and with an `Idempotency-Key` of its own, until it is.

`skipped` names those to whom nothing is done, and why: `not_found`, `unchanged`, `self` (nobody takes away \
their own rights), `last_superuser` (no active superuser would be left), `referenced` (rows of other tables \
refer to the user). All others are done.";

pub(crate) fn describe(part: Part) -> Part {
    let set: Map<String, Value> = shared::users::openapi::user_patch()["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| {
            [
                UserField::FullName,
                UserField::IsActive,
                UserField::IsSuperuser,
            ]
            .iter()
            .any(|field| field.name() == *name)
        })
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let set = json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": set,
    });
    part.schema_value("UserFilter", filter())
        .schema_value("BulkUpdate", body(Some(&set)))
        .schema_value("BulkDelete", body(None))
        .schema_value("BulkUpdated", answer("changed"))
        .schema_value("BulkDeleted", answer("deleted"))
        .operation(
            &UPDATE,
            operation(&UPDATE, "updateUsers", "Change many users", "Update"),
        )
        .operation(
            &DELETE,
            operation(&DELETE, "deleteUsers", "Delete many users", "Delete"),
        )
}

/// Errors that only these routes have, for the catalogue.
pub(crate) fn errors() -> Vec<Error> {
    vec![count_differs(1_204)]
}

fn operation(
    route: &Route<Users>,
    id: &'static str,
    summary: &'static str,
    name: &str,
) -> Operation {
    let is_update = route.path == UPDATE.path;
    let done = if is_update { "changed" } else { "deleted" };
    let mut example = json!({ "ids": [2, 3, 4711], "dry_run": true });
    if is_update {
        example["set"] = json!({ "is_active": false });
    }
    let mut ok = json_response(
        "What was done, or would be with `dry_run`.",
        schema_ref(&format!("Bulk{name}d")),
        json!({
            "count": 2,
            done: 2,
            "skipped": [{ "id": 4711, "reason": "not_found" }],
            "examples": [crate::openapi::user()],
            "next": null,
        }),
    );
    ok["headers"] = json!({ "Idempotent-Replayed": response_header("Idempotent-Replayed") });
    let mut errors: Vec<_> = errors_with(&[
        "conflict",
        "idempotency_in_progress",
        "idempotency_mismatch",
        "too_large",
        "unsupported_media_type",
        "validation_failed",
    ])
    .map(|error| error.nothing_was(done))
    .collect();
    errors.push(count_differs(1_204));
    if !is_update {
        errors.push(REFERENCED);
    }
    Operation {
        id,
        tag: "users",
        summary,
        description: WHO.to_owned(),
        parameters: vec![idempotency_key()],
        request_body: Some(json!({
            "required": true,
            "content": { JSON: { "schema": schema_ref(&format!("Bulk{name}")), "example": example } },
        })),
        responses: vec![("200", ok)],
        errors,
    }
}

fn body(set: Option<&Value>) -> Value {
    let list = |items: &Value| json!({ "type": "array", "minItems": 1, "maxItems": MAX_BULK_ROWS, "items": items });
    let mut properties = json!({
        "ids": list(&schema_ref("UserId")),
        "emails": list(&exact_value()),
        "filter": schema_ref("UserFilter"),
        "all": { "type": "boolean", "description": "That an empty filter is meant." },
        "expected_count": {
            "type": "integer",
            "minimum": 0,
            "description": "How many users pass the filter.",
        },
        "cursor": {
            "type": "string",
            "maxLength": cursor::MAX_BYTES,
            "description": "The `next` of the answer to the same request.",
        },
        "dry_run": { "type": "boolean", "description": "Check everything and change nothing." },
    });
    if let Some(set) = set {
        properties["set"] = set.clone();
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": if set.is_some() { vec!["set"] } else { Vec::new() },
        "properties": properties,
        "oneOf": [{ "required": ["ids"] }, { "required": ["emails"] }, { "required": ["filter"] }],
    })
}

/// The parameters of the list that decide which users it has.
fn filter() -> Value {
    let time = json!({ "anyOf": [
        { "type": "string", "format": "date-time" },
        { "type": "string", "format": "date" },
    ] });
    json!({
        "type": "object",
        "description": "Which users, as in a list.",
        "additionalProperties": false,
        "properties": {
            "is_active": { "type": "boolean" },
            "is_superuser": { "type": "boolean" },
            "search": {
                "type": "string",
                "minLength": 1,
                "maxLength": limits::SEARCH_CHARACTERS,
                "pattern": "^[^\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f]*$",
            },
            "email": exact_value(),
            "username": exact_value(),
            "id": { "type": "array", "minItems": 1, "maxItems": MAX_IDS, "items": schema_ref("UserId") },
            "created_from": time,
            "created_to": time,
        },
    })
}

fn answer(done: &str) -> Value {
    let number =
        |description: &str| json!({ "type": "integer", "minimum": 0, "description": description });
    let reasons = [
        "not_found",
        "unchanged",
        "self",
        "last_superuser",
        "referenced",
    ];
    json!({
        "type": "object",
        "required": ["count", done, "skipped", "next"],
        "properties": {
            "count": number("How many users are meant and exist; of a filter, behind the cursor."),
            done: number("To how many of them it was done, or would be."),
            "skipped": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["reason"],
                    "properties": {
                        "id": schema_ref("UserId"),
                        "email": { "type": "string", "description": "Of one who was named so and not found." },
                        "reason": { "type": "string", "enum": reasons },
                    },
                },
            },
            "examples": {
                "type": "array",
                "maxItems": EXAMPLES,
                "description": "Some of those to whom it would be done, in a dry run.",
                "items": schema_ref("User"),
            },
            "next": {
                "type": ["string", "null"],
                "description": "The `cursor` to go on with; `null` if all users were taken.",
            },
        },
    })
}

fn exact_value() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": limits::EXACT_VALUE_CHARACTERS,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    })
}
