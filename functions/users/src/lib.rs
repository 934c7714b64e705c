//! Users: lists, single users, changes to many, exports, and the log of changes.

mod audit;
mod body;
mod bulk_changes;
mod create_user;
mod delete_user;
mod export;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod list_users;
mod me;
mod one_user;
#[cfg(feature = "openapi")]
pub mod openapi;
mod parameters;
mod refusals;
mod restore_user;
mod update_user;
mod user_response;

use shared::{
    platform::{
        config::{ConfigError, ExtraFields},
        deadline::Deadline,
        error::Error,
        function::Function,
        http::router::Route,
        idempotency::IdempotentRequest,
        password_hasher::PasswordHasher,
        request_context::RequestContext,
        state::State,
    },
    store::{idempotency, users},
    users::{Password, User, UserId},
};

use self::user_response::Written;

/// The function's state.
pub struct Users {
    state: State,
    hasher: PasswordHasher,
}

impl Users {
    /// Wraps the state.
    pub fn new(state: State) -> Result<Self, ConfigError> {
        let hasher = PasswordHasher::new(&state.config.bulk)?;
        Ok(Self { state, hasher })
    }
}

impl Function for Users {
    const ROUTES: &'static [Route<Self>] = &[
        list_users::ROUTE,
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

impl Users {
    /// Fields that only the table of this deployment has.
    fn extra(&self) -> ExtraFields {
        self.state.config.users_table.extra()
    }

    async fn find(&self, context: &RequestContext, id: UserId) -> Result<Option<User>, Error> {
        self.state
            .database
            .read(&context.deadline, |mut lease| async move {
                (users::find(&mut lease, self.extra(), id).await, lease)
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

    async fn with_extra(
        &self,
        context: &RequestContext,
        listed: Vec<User>,
    ) -> Result<Vec<User>, Error> {
        let listed = &listed;
        context
            .reader
            .read(&context.deadline, |mut lease| async move {
                let mut users = listed.clone();
                let found = users::add_extra(&mut lease, &mut users).await;
                (found.map(|()| users), lease)
            })
            .await
    }
}

/// What the document of the API says of these routes.
#[cfg(feature = "openapi")]
#[must_use]
pub fn openapi() -> shared::platform::openapi::Part {
    [
        list_users::describe,
        create_user::describe,
        one_user::describe,
        update_user::describe,
        delete_user::describe,
        restore_user::describe,
        bulk_changes::describe,
        me::describe,
        export::describe,
        audit::describe,
    ]
    .into_iter()
    .fold(
        shared::platform::openapi::Part::default(),
        |part, describe| describe(part),
    )
}
