//! Users: by filter, search and order, page by page, and one at a time.

mod audit;
mod body;
mod bulk_changes;
mod create_user;
mod delete_user;
mod export;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod links;
mod me;
mod one_user;
#[cfg(feature = "openapi")]
pub mod openapi;
mod parameters;
mod refusals;
mod response_body;
mod restore_user;
mod update_user;
mod user_response;

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use shared::{
    platform::{
        config::ConfigError,
        deadline::Deadline,
        error::Error,
        function::Function,
        http::{
            response::{self, Response},
            router::{Access, Route},
        },
        idempotency::IdempotentRequest,
        password_hasher::PasswordHasher,
        request_context::RequestContext,
        state::State,
    },
    store::{idempotency, listing, users},
    users::{Password, User, UserId},
};

use self::{response_body::ListBody, user_response::Written};

/// The function's state.
pub struct ListUsers {
    state: State,
    hasher: PasswordHasher,
}

impl ListUsers {
    /// Wraps the state.
    pub fn new(state: State) -> Result<Self, ConfigError> {
        let hasher = PasswordHasher::new(&state.config.bulk)?;
        Ok(Self { state, hasher })
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
        create_user::ROUTE,
        one_user::ROUTE,
        update_user::ROUTE,
        delete_user::ROUTE,
        restore_user::ROUTE,
        bulk_changes::UPDATE,
        bulk_changes::DELETE,
        me::ROUTE,
        export::ROUTE,
        audit::LOG,
        audit::HISTORY,
    ];

    fn state(&self) -> &State {
        &self.state
    }
}

impl ListUsers {
    async fn find(&self, context: &RequestContext, id: UserId) -> Result<Option<User>, Error> {
        self.state
            .database
            .read(&context.deadline, |mut lease| async move {
                (users::find(&mut lease, id).await, lease)
            })
            .await
    }

    /// What was answered to the same request before.
    async fn find_written(
        &self,
        context: &RequestContext,
        request: &IdempotentRequest,
    ) -> Result<Option<Written>, Error> {
        let stored = self
            .state
            .database
            .read(&context.deadline, |mut lease| async move {
                (idempotency::find(&mut lease, request).await, lease)
            })
            .await?;
        let Some(row) = stored else { return Ok(None) };
        Ok(Some(Written {
            response: row.response_to(request, context.actor()?)?,
            is_replayed: true,
        }))
    }

    /// The hash to store for a password.
    async fn hash(&self, password: Password, deadline: &Deadline) -> Result<Option<String>, Error> {
        match password {
            Password::None => Ok(None),
            Password::Hashed(hash) => Ok(Some(hash)),
            Password::Plain(password) => {
                let mut hashes = self.hasher.hash_all(vec![password], deadline).await?;
                Ok(hashes.pop())
            }
        }
    }

    async fn list(&self, context: &RequestContext) -> Result<Response, Error> {
        let config = &self.state.config;
        let query = parameters::parse(&context.request, &config.users_table)?;
        let RequestContext {
            reader, deadline, ..
        } = context;
        let page = listing::page(reader, deadline, &config.search, &query).await?;
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
