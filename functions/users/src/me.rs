//! `GET /api/v1/me`: the caller.

use lambda_http::http::{Method, StatusCode, header};
use shared::platform::{
    error::Error,
    http::{
        query::QueryParameters,
        response::{self, Response},
        router::{Access, Route},
    },
    request_context::RequestContext,
};

use crate::{Users, user_response::header_value};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/me",
    access: Access::Active,
    handler: |function, context| Box::pin(handle(function, context)),
};

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let user = function.find(context, context.actor()?.id).await?;
    let user = user.ok_or(Error::Unauthorized {
        reason: "unknown user",
    })?;
    let mut response = response::json(StatusCode::OK, &user)?;
    response
        .headers_mut()
        .insert(header::ETAG, header_value(user.etag())?);
    Ok(response)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{Operation, json_response, response_header, schema_ref};

    let mut ok = json_response("The caller.", schema_ref("User"), crate::openapi::user());
    ok["headers"] = json!({ "ETag": response_header("ETag") });
    let operation = Operation {
        id: "getOwnUser",
        tag: "users",
        summary: "Get the user who calls",
        description: "For every active user, superuser or not.".to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![("200", ok)],
        errors: Vec::new(),
    };
    part.operation(&ROUTE, operation)
}
