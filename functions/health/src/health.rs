//! `GET /health`: whether the deployment is well, and what it depends on.

use lambda_http::http::{Method, StatusCode};
use serde::Serialize;
use shared::platform::{
    error::Error,
    http::{
        response::{self, Response},
        router::{Access, Route},
    },
    metrics,
};

use crate::{
    Health,
    checks::{ChecksBody, Status},
};

pub(crate) const ROUTE: Route<Health> = Route {
    method: Method::GET,
    path: "/health",
    access: Access::Open,
    handler: |function, _| Box::pin(handle(function)),
};

/// The answer to `GET /health`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Health))]
struct Body<'a> {
    status: Status,
    app_name: &'a str,
    version: &'static str,
    checks: ChecksBody,
}

/// Parameters are not read: monitors add one so that no cache answers.
///
/// Well as far as callers are concerned: without the database nothing is answered, without cache and
/// limiter everything is, so a failure there shows in its check alone.
async fn handle(function: &Health) -> Result<Response, Error> {
    let checks = function.checks.run().await;
    let body = Body {
        status: checks.database.status,
        app_name: &function.state.config.app_name,
        version: env!("CARGO_PKG_VERSION"),
        checks,
    };
    metrics::well(metrics::HEALTHY, body.status == Status::Healthy);
    let status = match body.status {
        Status::Healthy => StatusCode::OK,
        Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    response::json(status, &body)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{Operation, json_response, schema_ref};

    let database = |status: &str, error: Option<&str>| {
        let mut check = json!({ "status": status, "provider": "postgresql", "latency_ms": 0.36 });
        if let Some(error) = error {
            check["error"] = error.into();
        }
        json!({
            "status": status,
            "app_name": "rollcall",
            "version": env!("CARGO_PKG_VERSION"),
            "checks": { "database": check },
        })
    };
    let operation = Operation {
        id: "getHealth",
        tag: "operations",
        summary: "Check the deployment and what it depends on",
        description:
            "Open to everybody. Answers within two seconds, and asks its dependencies once a \
                      second however often it is probed."
                .to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![
            (
                "200",
                json_response("Well.", schema_ref("Health"), database("healthy", None)),
            ),
            (
                "503",
                json_response(
                    "Not well; `checks` says what and why.",
                    schema_ref("Health"),
                    database("unhealthy", Some("connection_refused")),
                ),
            ),
        ],
        errors: Vec::new(),
    };
    part.schema::<ChecksBody>(&["cache", "rate_limiter", "error"])
        .schema::<Body<'_>>(&[])
        .operation(&ROUTE, operation)
}
