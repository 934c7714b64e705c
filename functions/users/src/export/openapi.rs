//! What the document of the API says of exports.

use serde_json::json;
use shared::platform::openapi::{Operation, Part, flag, query_parameter, response_header, words};

use super::{ROUTE, cursor::MAX_BYTES};
use crate::refusals::LOG_IS_OFF;

const DESCRIPTION: &str = "\
All users that pass the filters, in the order of ids, in parts of up to 5 MB: while there is a `Link` with \
`rel=\"next\"`, the export goes on there. Users who are created after it began are not in it, where ids ascend; \
nobody else is left out or repeated, whatever is written meanwhile. The last line of NDJSON is an object with \
`end`, `count` and `digest`; both are in the headers of every part too. The digest begins with 32 zero bytes, and \
becomes the SHA-256 of itself and the next record with its line end. An export can be imported again. \
Who begins one is in the log. Passwords are never in it, and hashes only if the deployment allows it and \
`include=password_hash` asks for them; then each part is in the log.";

pub(crate) fn describe(part: Part) -> Part {
    let mut parameters = crate::openapi::filters();
    parameters.extend([
        query_parameter("format", words(["ndjson", "csv"], "ndjson"), "The format."),
        query_parameter(
            "spreadsheet",
            flag(),
            "With `format=csv`: whether cells that a spreadsheet would take for formulas get a `'` in front. The \
             import takes it away with the same parameter.",
        ),
        query_parameter(
            "include",
            json!({ "type": "string", "enum": [super::PASSWORD_HASH] }),
            "`password_hash`: users have their password hashes, as imports take them. The deployment must allow it.",
        ),
        query_parameter(
            "cursor",
            json!({ "type": "string", "maxLength": MAX_BYTES, "pattern": "^[A-Za-z0-9_-]*$" }),
            "From the `Link` of the part before.",
        ),
    ]);
    let text = |example: &str| json!({ "schema": { "type": "string" }, "example": example });
    let user = crate::openapi::user().to_string();
    let ok = json!({
        "description": "A part of the export.",
        "headers": {
            "Link": response_header("Link"),
            "Export-Count": response_header("Export-Count"),
            "Export-Digest": response_header("Export-Digest"),
        },
        "content": {
            "application/x-ndjson": text(&format!("{user}\n")),
            "text/csv": text("id,email,username,full_name,is_active,is_superuser,created_at,updated_at\r\n"),
        },
    });
    part.operation(
        &ROUTE,
        Operation {
            id: "exportUsers",
            tag: "users",
            summary: "Export users",
            description: DESCRIPTION.to_owned(),
            parameters,
            request_body: None,
            responses: vec![("200", ok)],
            errors: vec![super::PASSWORD_HASHES_OFF, LOG_IS_OFF],
        },
    )
}
