//! `GET /api/v1/dashboard/stats`: how many users there are.

use lambda_http::http::Method;
use shared::{
    platform::{
        error::Error,
        http::{
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    store::stats::count_users,
};

use crate::{Dashboard, cached};

/// The version of what is stored in the shared cache. A release that changes
/// [`UserStats`](shared::users::UserStats) raises it, so that old and new environments do not read each
/// other's.
pub(crate) const FORMAT: u32 = 1;

pub(crate) const ROUTE: Route<Dashboard> = Route {
    method: Method::GET,
    path: "/api/v1/dashboard/stats",
    access: Access::Superuser,
    handler: |function, context| Box::pin(handle(function, context)),
};

async fn handle(function: &Dashboard, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let query = context
        .reader
        .read(&context.deadline, |mut lease| async move {
            (count_users(&mut lease).await, lease)
        });
    let mut aged = cached::get(&function.stats, context, query).await?;
    if !function.state.config.users_table.has_created_at() {
        aged.value.new_users_today = None;
        aged.value.new_users_week = None;
    }
    cached::response(&function.state, &aged)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::{platform::openapi::Operation, users::UserStats};

    let example = json!({
        "total_users": 10_001,
        "active_users": 9_702,
        "inactive_users": 299,
        "superusers": 11,
        "new_users_today": 14,
        "new_users_week": 103,
        "timestamp": "2026-11-23T16:00:00.123456Z",
    });
    let operation = Operation {
        id: "getStats",
        tag: "dashboard",
        summary: "Count the users",
        description:
            "Exact. Today starts at 00:00 UTC; the week is the last 7 x 24 hours. Both numbers of new users are \
                      null where the table does not say when users were created. The numbers are kept for a moment; `Age` says how old they are."
                .to_owned(),
        parameters: vec![cached::openapi::cache_control()],
        request_body: None,
        responses: vec![("200", cached::openapi::ok("UserStats", example))],
        errors: Vec::new(),
    };
    part.schema::<UserStats>(&[]).operation(&ROUTE, operation)
}
