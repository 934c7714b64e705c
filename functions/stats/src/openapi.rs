//! What the document of the API says of the dashboard's numbers.

use serde_json::json;
use shared::{
    function::Function,
    openapi::{Operation, Part, json_response, request_header, response_header, schema_ref},
    users::UserStats,
};

use crate::Stats;

/// The numbers.
#[must_use]
pub fn part() -> Part {
    let mut ok = json_response(
        "The numbers, in one snapshot of the database.",
        schema_ref("UserStats"),
        json!({
            "total_users": 10_001,
            "active_users": 9_702,
            "inactive_users": 299,
            "superusers": 11,
            "new_users_today": 14,
            "new_users_week": 103,
            "timestamp": "2026-11-23T16:00:00.123456Z",
        }),
    );
    ok["headers"] = json!({
        "Age": response_header("Age"),
        "Cache-Control": response_header("Cache-Control"),
        "Vary": response_header("Vary"),
    });
    Part::default()
        .schema::<UserStats>(&[])
        .operation(Operation {
            route: &Stats::ROUTES[0],
            id: "getStats",
            tag: "dashboard",
            summary: "Count the users",
            description:
                "Exact. Today starts at 00:00 UTC; the week is the last 7 x 24 hours. The \
                          numbers are kept for a moment; `Age` says how old they are."
                    .to_owned(),
            parameters: vec![request_header(
                "Cache-Control",
                json!({ "type": "string" }),
                "`no-cache` asks for numbers of this very moment.",
            )],
            request_body: None,
            responses: vec![("200", ok)],
            errors: Vec::new(),
        })
}
