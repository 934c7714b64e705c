//! `GET /api/v1/users/{id}`: one user.

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

use crate::{
    Users,
    refusals::{self, UNKNOWN},
    user_response::header_value,
};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/users/{id}",
    access: Access::Superuser,
    handler: |function, context| Box::pin(handle(function, context)),
};

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let user = function
        .find(context, refusals::target(function, context)?)
        .await?;
    let user = user.ok_or(UNKNOWN)?;
    let etag = header_value(user.etag())?;
    let known = context.request.headers().get(header::IF_NONE_MATCH);
    let mut response = if known == Some(&etag) {
        response::empty(StatusCode::NOT_MODIFIED)
    } else {
        response::json(StatusCode::OK, &user)?
    };
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::{
        platform::openapi::{
            Operation, json_response, path_parameter, request_header, response_header, schema_ref,
        },
        users::User,
    };

    let mut ok = json_response("The user.", schema_ref("User"), crate::openapi::user());
    ok["headers"] = json!({ "ETag": response_header("ETag") });
    let unchanged = json!({
        "description": "The user is as `If-None-Match` says.",
        "headers": { "ETag": response_header("ETag") },
    });
    let operation = Operation {
        id: "getUser",
        tag: "users",
        summary: "Get one user",
        description: "`ETag` changes with every change of a field that is shown.".to_owned(),
        parameters: vec![
            path_parameter("id", schema_ref("UserId"), "The id of the user."),
            request_header(
                "If-None-Match",
                json!({ "type": "string" }),
                "An `ETag`: 304 without a body if the user still has it.",
            ),
        ],
        request_body: None,
        responses: vec![("200", ok), ("304", unchanged)],
        errors: vec![UNKNOWN],
    };
    part.schema::<User>(&[]).operation(&ROUTE, operation)
}
