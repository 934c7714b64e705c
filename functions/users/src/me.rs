//! `GET /api/v1/me`: the caller, and what there is to see and to write of users here.

use std::collections::BTreeMap;

use lambda_http::http::{Method, StatusCode, header};
use serde::Serialize;
use shared::{
    platform::{
        error::Error,
        http::{
            query::QueryParameters,
            response::{self, Response},
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    users::{FieldAccess, User, UserFields, field_access},
};

use crate::{Users, user_response::header_value};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/me",
    access: Access::Active,
    handler: |function, context| Box::pin(handle(function, context)),
};

/// The caller, and what there is to see and to write of users in this deployment.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Me {
    #[serde(flatten)]
    user: User,
    /// Each field of a user by its name.
    fields: BTreeMap<&'static str, FieldAccess>,
    /// Why users cannot be created, if they cannot.
    no_new_users: Option<String>,
}

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let user = function.find(context, context.actor()?.id).await?;
    let user = user.ok_or(Error::Unauthorized {
        reason: "unknown user",
    })?;
    let config = &function.state.config;
    let table = &config.users_table;
    let etag = header_value(user.etag())?;
    let me = Me {
        user,
        fields: field_access(table, UserFields::of(table, &config.bulk)),
        no_new_users: table.allow_new_users().err(),
    };
    let mut response = response::json(StatusCode::OK, &me)?;
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::{
        config::UsersTable,
        openapi::{Operation, json_response, response_header, schema_ref},
    };

    let mut example = crate::openapi::user();
    example["fields"] = json!(field_access(&UsersTable::Unspecified, UserFields::ALL));
    example["no_new_users"] = json!(null);
    let mut ok = json_response("The caller.", schema_ref("Me"), example);
    ok["headers"] = json!({ "ETag": response_header("ETag") });
    let operation = Operation {
        id: "getOwnUser",
        tag: "users",
        summary: "Get the user who calls",
        description: "For every active user, superuser or not. `fields` says what users have in this \
                      deployment and what requests may write: in the table of another application, that is \
                      less than everything."
            .to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![("200", ok)],
        errors: Vec::new(),
    };
    part.schema::<Me>(&[]).operation(&ROUTE, operation)
}
