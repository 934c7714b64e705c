//! `GET /api/v1/users`: users by filter, search and order, page by page.

mod links;
#[cfg(feature = "openapi")]
mod openapi;
mod response_body;

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use shared::{
    platform::{
        error::Error,
        http::{
            response::{self, Response},
            router::{Access, Route},
        },
        request_context::RequestContext,
    },
    store::listing,
};

#[cfg(feature = "openapi")]
pub(crate) use self::openapi::describe;
use self::response_body::ListBody;
use crate::{Users, parameters};

pub(crate) const ROUTE: Route<Users> = Route {
    method: Method::GET,
    path: "/api/v1/users",
    access: Access::Superuser,
    handler: |function, context| Box::pin(handle(function, context)),
};

async fn handle(function: &Users, context: &RequestContext) -> Result<Response, Error> {
    let config = &function.state.config;
    let query = parameters::parse(&context.request, &config.users_table)?;
    let RequestContext {
        reader, deadline, ..
    } = context;
    let mut page = listing::page(reader, deadline, &config.search, &query).await?;
    if !function.extra().is_empty() {
        page.users = function.with_extra(context, page.users).await?;
    }
    let body = ListBody::new(&query, page);
    let mut response = response::json(StatusCode::OK, &body)?;
    if let Ok(links) =
        HeaderValue::from_str(&links::header(context.request.uri().path(), &query, &body))
    {
        response.headers_mut().insert(header::LINK, links);
    }
    Ok(response)
}
