//! `GET /health/live`: whether the function runs at all.

use std::future::ready;

use lambda_http::http::{Method, StatusCode};
use serde::Serialize;
use shared::platform::{
    error::Error,
    http::{
        response::{self, Response},
        router::{Access, Route},
    },
};

use crate::{Health, checks::Status};

pub(crate) const ROUTE: Route<Health> = Route {
    method: Method::GET,
    path: "/health/live",
    access: Access::Open,
    handler: |_, _| Box::pin(ready(handle())),
};

/// The answer to `GET /health/live`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Live {
    status: Status,
    version: &'static str,
}

fn handle() -> Result<Response, Error> {
    let body = Live {
        status: Status::Healthy,
        version: env!("CARGO_PKG_VERSION"),
    };
    response::json(StatusCode::OK, &body)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{Operation, json_response, schema_ref};

    let operation = Operation {
        id: "getLiveness",
        tag: "operations",
        summary: "Check the function alone",
        description: "Open to everybody. Asks nothing and nobody.".to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![(
            "200",
            json_response(
                "Alive.",
                schema_ref("Live"),
                json!({ "status": "healthy", "version": env!("CARGO_PKG_VERSION") }),
            ),
        )],
        errors: Vec::new(),
    };
    part.schema::<Live>(&[]).operation(&ROUTE, operation)
}
