//! `GET /api/v1/users`: users by filter, search and order, page by page.

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod links;
mod one_user;
#[cfg(feature = "openapi")]
pub mod openapi;
mod parameters;
mod response_body;

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use shared::{
    platform::{
        error::Error,
        function::Function,
        http::{
            response::{self, Response},
            router::{Access, Route},
        },
        request_context::RequestContext,
        state::State,
    },
    store::listing,
};

use self::response_body::ListBody;

/// The function's state.
pub struct ListUsers {
    state: State,
}

impl ListUsers {
    /// Wraps the state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { state }
    }
}

impl Function for ListUsers {
    const ROUTES: &'static [Route<Self>] = &[
        Route {
            method: Method::GET,
            path: "/api/v1/users",
            access: Access::Superuser,
            handler: |function, context| Box::pin(function.list(context)),
        },
        one_user::ROUTE,
    ];

    fn state(&self) -> &State {
        &self.state
    }
}

impl ListUsers {
    async fn list(&self, context: &RequestContext) -> Result<Response, Error> {
        let State {
            database, config, ..
        } = &self.state;
        let query = parameters::parse(&context.request, &config.users_table)?;
        let page = listing::page(database, &context.deadline, &config.search, &query).await?;
        let body = ListBody::new(&query, page);
        let mut response = response::json(StatusCode::OK, &body)?;
        if let Ok(links) =
            HeaderValue::from_str(&links::header(context.request.uri().path(), &query, &body))
        {
            response.headers_mut().insert(header::LINK, links);
        }
        Ok(response)
    }
}
