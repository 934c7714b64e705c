//! `openapi.json` is what the code says.

use crate::written::assert_written;

#[test]
fn the_document_is_what_the_code_says() {
    let document = shared::platform::openapi::document([
        bulk_create::openapi::part(),
        health::openapi(),
        users::openapi(),
        stats::openapi(),
    ]);
    let text = serde_json::to_string_pretty(&document).unwrap();
    assert_written("openapi.json", &format!("{text}\n"));
}
