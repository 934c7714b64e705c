//! The headers of the API, each described once.

use serde_json::{Map, Value, json};

/// Name, schema, description.
type Header = (&'static str, fn() -> Value, &'static str);

const HEADERS: &[Header] = &[
    (
        "X-Request-Id",
        text,
        "The id under which the request is in the log.",
    ),
    (
        "Cache-Control",
        text,
        "`no-store`, or for how long the caller may keep the answer.",
    ),
    (
        "Vary",
        text,
        "`Authorization`: the answer to one caller is not an answer to another (RFC 9111).",
    ),
    ("Age", whole_number, "How old the numbers are, in seconds."),
    ("ETag", text, "A tag that changes with the answer."),
    ("Location", text, "The path of the new user."),
    (
        "Link",
        text,
        "The first, previous, next and last page, as far as they are known (RFC 8288).",
    ),
    (
        "Export-Count",
        whole_number,
        "How many users this part and those before it have.",
    ),
    ("Export-Digest", text, "The digest of these users."),
    (
        "WWW-Authenticate",
        text,
        "How to say who calls: `Bearer` (RFC 6750).",
    ),
    (
        "Retry-After",
        whole_number,
        "After how many seconds another attempt may succeed.",
    ),
    (
        "RateLimit",
        text,
        "What is left of the caller's quota, and when it is full again. Only where a limiter is \
         configured.",
    ),
    (
        "RateLimit-Policy",
        text,
        "The caller's quota and its window. Only where a limiter is configured.",
    ),
    (
        "Idempotent-Replayed",
        only_true,
        "`true` if this answer was given before, to an earlier request with the same Idempotency-Key.",
    ),
    (
        "X-Consistency-Token",
        text,
        "The write, for reads that have to see it. Only where replicas answer reads.",
    ),
    (
        "Preference-Applied",
        text,
        "`return=minimal` if `Prefer` asked for it.",
    ),
];

fn text() -> Value {
    json!({ "type": "string" })
}

fn whole_number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn only_true() -> Value {
    json!({ "type": "string", "const": "true" })
}

/// All response headers.
pub(super) fn components() -> Map<String, Value> {
    HEADERS
        .iter()
        .map(|(name, schema, description)| {
            let header = json!({ "description": description, "schema": schema() });
            ((*name).to_owned(), header)
        })
        .collect()
}

/// A reference to a response header.
#[must_use]
pub fn response_header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// A string in quotes (RFC 8941), or one without; in both, spaces around it do not count. Letters beyond
/// ASCII are read too, but not every client can send them.
const IDEMPOTENCY_KEY: &str =
    r#"^[ \t]*([!#-~][ -~]{0,254}|"([ !#-\[\]-~]|\\["\\]){1,255}")[ \t]*$"#;

/// The key under which a request may be repeated.
#[must_use]
pub fn idempotency_key() -> Value {
    request_header(
        "Idempotency-Key",
        json!({ "type": "string", "pattern": IDEMPOTENCY_KEY, "example": "\"8e03978e-40d5\"" }),
        "A name of 1 to 255 characters for this request, in quotes or without, under which it can be sent again for 24 \
         hours without being done again.",
    )
}

/// The write that a read has to see.
pub(super) fn consistency_token() -> Value {
    request_header(
        "X-Consistency-Token",
        json!({ "type": "integer", "minimum": 1, "maximum": u64::MAX, "example": 748_291 }),
        "The header of this name that the answer to a write had, so that the answer shows that write where \
         replicas answer reads.",
    )
}

/// The precondition of a change.
#[must_use]
pub fn if_match() -> Value {
    request_header(
        "If-Match",
        json!({
            "type": "string",
            "pattern": r#"^(\*|"[!#-~]*"(, ?"[!#-~]*")*)$"#,
            "example": "*",
        }),
        "`ETag`s, one of which the user must have; `*` is every one.",
    )
}

/// A header of a request.
#[must_use]
#[expect(
    clippy::needless_pass_by_value,
    reason = "callers make schemas in place"
)]
pub fn request_header(name: &str, schema: Value, description: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "required": false,
        "description": description,
        "schema": schema,
    })
}
