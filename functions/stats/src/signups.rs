//! `GET /api/v1/dashboard/signups`: new users by day.

use lambda_http::http::Method;
use shared::{
    platform::{
        cache::Aged,
        error::Error,
        http::{
            query::QueryParameters,
            response::Response,
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    store::signups::count_signups,
};

use crate::{Dashboard, cached};

/// The version of what is stored in the shared cache; see [`crate::stats::FORMAT`].
pub(crate) const FORMAT: u32 = 1;

/// A year, and the month before it to compare with.
const MAX_DAYS: u16 = 400;
const DEFAULT_DAYS: u32 = 30;

pub(crate) const ROUTE: Route<Dashboard> = Route {
    method: Method::GET,
    path: "/api/v1/dashboard/signups",
    access: Access::Superuser,
    handler: |function, context| Box::pin(handle(function, context)),
};

const UNKNOWN: Error = Error::NotFound {
    message: "The table of users does not say when they were created",
};

/// All days are cached, so that charts of different lengths share one query.
async fn handle(function: &Dashboard, context: &RequestContext) -> Result<Response, Error> {
    let parameters = QueryParameters::parse(&context.request, &["days"])?;
    let days = parameters.whole_number("days", 1..=MAX_DAYS.into())?;
    if !function.state.config.users_table.has_created_at() {
        return Err(UNKNOWN);
    }
    let query = context
        .reader
        .read(&context.deadline, |mut lease| async move {
            (count_signups(&mut lease, MAX_DAYS).await, lease)
        });
    let Aged { value, age } = cached::get(&function.signups, context, query).await?;
    let value = value.of_last(days.unwrap_or(DEFAULT_DAYS) as usize);
    cached::response(&function.state, &Aged { value, age })
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::{
        platform::openapi::{Operation, query_parameter},
        users::Signups,
    };

    let days = query_parameter(
        "days",
        json!({ "type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": DEFAULT_DAYS }),
        "How many days, today among them.",
    );
    let example = json!({
        "days": [
            { "date": "2026-11-22", "new_users": 9 },
            { "date": "2026-11-23", "new_users": 14 },
        ],
        "timestamp": "2026-11-23T16:00:00.123456Z",
    });
    let operation = Operation {
        id: "getSignups",
        tag: "dashboard",
        summary: "Count new users by day",
        description: "Exact, for days in UTC, the oldest first and today last. A day without new users is \
                      there with 0; users that were deleted do not count. The numbers are kept for a \
                      moment; `Age` says how old they are."
            .to_owned(),
        parameters: vec![days, cached::openapi::cache_control()],
        request_body: None,
        responses: vec![("200", cached::openapi::ok("Signups", example))],
        errors: vec![UNKNOWN],
    };
    part.schema::<Signups>(&[]).operation(&ROUTE, operation)
}
