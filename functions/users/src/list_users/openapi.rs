//! What the document of the API says of lists.

use serde_json::{Value, json};
use shared::{
    platform::{
        error::Error,
        openapi::{
            Operation, Part, json_response, query_parameter, response_header, schema_ref, words,
        },
    },
    users::limits,
};

use super::{ROUTE, response_body::ListBody};
use crate::parameters::{COUNTS, DEFAULT_SIZE, MAX_DEPTH, MAX_SIZE, SORT_KEYS, SORT_ORDERS};

const DESCRIPTION: &str = "\
All filters combine. Ties are broken by id, so that no page overlaps another. Walk a list by repeating \
the request with `cursor` set to `next_cursor` until it is `null`: rows that are added or removed \
meanwhile never make you skip or repeat another.

`search` does not combine with `email`, `username`, `id`, `created_from` and `created_to`: no index serves both.

With `search`, `complete` is `false` if the request had to stop before it had looked through the whole \
list: the page then has fewer than `size` users, or none, while `next_cursor` (or `prev_cursor`) says \
where to go on; only a `next_cursor` that is `null` means the end.";

pub(crate) fn describe(part: Part) -> Part {
    let mut ok = json_response(
        "A page of users.",
        schema_ref("UserList"),
        json!({
            "items": [crate::openapi::user()],
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
    part.schema::<ListBody>(&[]).operation(
        &ROUTE,
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
    )
}

fn parameters() -> Vec<Value> {
    let number = |maximum: u32, default: u32| json!({ "type": "integer", "minimum": 1, "maximum": maximum, "default": default });
    let mut parameters = crate::openapi::filters();
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
