//! What the document of the API says of the log.

use serde_json::{Value, json};
use shared::{
    platform::openapi::{
        Operation, Part, flag, json_response, path_parameter, query_parameter, schema_ref, words,
    },
    store::audit::Action,
};

use super::{
    HISTORY, LOG, LogBody,
    cursor::MAX_BYTES,
    parameters::{DEFAULT_SIZE, MAX_REQUEST_ID, MAX_SIZE},
};
use crate::{
    parameters::SORT_ORDERS,
    refusals::{LOG_IS_OFF, UNKNOWN},
};

const DESCRIPTION: &str = "\
Every change of a user, every one that was refused with 409 or 412, imports, and who began to read the log. \
Entries are written in the transaction of the change. To follow the log, begin with `sort_order=asc` and \
repeat the request with `cursor` set to `next_cursor`, also when a page is empty: entries of a transaction \
in progress are waited for, so that none is skipped.";

pub(crate) fn describe(part: Part) -> Part {
    let id = || schema_ref("UserId");
    let mut parameters = vec![
        query_parameter("actor", id(), "Only what this user did."),
        query_parameter("target", id(), "Only what was done to this user."),
        query_parameter(
            "action",
            json!({ "type": "string", "enum": Action::ALL.map(Action::name) }),
            "Only this.",
        ),
        query_parameter(
            "refused",
            flag(),
            "Only what was refused, or only what was done.",
        ),
        query_parameter(
            "request_id",
            json!({ "type": "string", "maxLength": MAX_REQUEST_ID, "pattern": "^[^\\u0000]*$" }),
            "Only what this request did.",
        ),
        query_parameter(
            "transaction",
            json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }),
            "Only what this transaction did.",
        ),
        query_parameter(
            "rows",
            flag(),
            "Whether to show, of what was done to many users, each of them beside the entry with the numbers. \
             `true` with `target` or `transaction`, else `false`.",
        ),
    ];
    parameters.extend(common_parameters());
    let mut history_parameters = vec![path_parameter(
        "id",
        schema_ref("UserId"),
        "The id of the user, who may be gone.",
    )];
    history_parameters.extend(common_parameters());
    part.schema::<LogBody>(&[])
        .operation(
            &LOG,
            Operation {
                id: "readAuditLog",
                tag: "audit",
                summary: "Read the log of changes",
                description: DESCRIPTION.to_owned(),
                parameters,
                request_body: None,
                responses: vec![("200", ok())],
                errors: vec![LOG_IS_OFF],
            },
        )
        .operation(
            &HISTORY,
            Operation {
                id: "getUserHistory",
                tag: "audit",
                summary: "Read what was done to one user",
                description: "The entries of the log about a user, also about one who was deleted."
                    .to_owned(),
                parameters: history_parameters,
                request_body: None,
                responses: vec![("200", ok())],
                errors: vec![UNKNOWN, LOG_IS_OFF],
            },
        )
}

fn common_parameters() -> Vec<Value> {
    let time = || json!({ "type": "string", "format": "date-time" });
    vec![
        query_parameter("from", time(), "Only what began then or later."),
        query_parameter("to", time(), "Only what began before."),
        query_parameter(
            "sort_order",
            words(SORT_ORDERS.iter().map(|(word, _)| *word), "desc"),
            "Newest first, or oldest first.",
        ),
        query_parameter(
            "size",
            json!({ "type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE }),
            "The most entries of a page.",
        ),
        query_parameter(
            "cursor",
            json!({ "type": "string", "maxLength": MAX_BYTES, "pattern": "^[A-Za-z0-9_-]*$" }),
            "A `next_cursor` or `prev_cursor` of the same walk: with the same filters and order.",
        ),
    ]
}

fn ok() -> Value {
    json_response(
        "A page of entries.",
        schema_ref("AuditLog"),
        json!({
            "items": [{
                "id": 7,
                "occurred_at": "2026-11-23T16:00:00.123456Z",
                "action": "user.update",
                "refusal": null,
                "actor": { "kind": "user", "id": 1, "username": "ada" },
                "target": { "id": 2, "username": "grace" },
                "before": { "is_superuser": false },
                "after": { "is_superuser": true },
                "source_address": "192.0.2.44",
                "request_id": "8e03978e-40d5-43e8-bc93-6894a57f9324",
                "transaction": 4711,
                "is_row": false,
            }],
            "next_cursor": null,
            "prev_cursor": "eyJkIjoicCIs",
        }),
    )
}
