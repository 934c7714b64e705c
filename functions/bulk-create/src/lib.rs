//! `POST /api/v1/users/bulk`: many users at once, all or none.

mod body;
mod passwords;

use lambda_http::http::{Method, StatusCode};
use serde::Serialize;
use shared::{
    error::{Detail, Error},
    function::{Call, Function},
    http::{
        query::QueryParameters,
        response::{self, Response},
        route::{Access, Route},
    },
    queries::bulk_insert::{InsertUsers, Inserted, StoredConflict},
    state::State,
    users::{NewUserBatch, User},
};

/// The function's state.
pub struct BulkCreate {
    state: State,
}

/// A user of the answer.
#[derive(Serialize)]
struct CreatedUser {
    #[serde(flatten)]
    user: User,
    result: &'static str,
}

impl BulkCreate {
    /// Wraps the state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { state }
    }
}

impl Function for BulkCreate {
    const ROUTES: &'static [Route] = &[Route {
        method: Method::POST,
        path: "/api/v1/users/bulk",
        access: Access::Superuser,
    }];

    fn state(&self) -> &State {
        &self.state
    }

    async fn handle(&self, call: &Call) -> Result<Response, Error> {
        QueryParameters::parse(&call.request, &[])?;
        let rows = body::rows(&call.request, self.state.config.bulk_max_rows)?;
        let batch =
            NewUserBatch::parse(rows).map_err(|details| Error::ValidationFailed { details })?;
        let rows = passwords::hash_all(batch).await?;
        let insert = InsertUsers { rows: &rows };
        match self
            .state
            .database
            .transaction(&call.deadline, &insert)
            .await?
        {
            Inserted::All(users) => created(users),
            Inserted::Conflicts(conflicts) => Err(Error::Conflict {
                details: conflicts.iter().flat_map(details).collect(),
            }),
        }
    }
}

fn created(users: Vec<User>) -> Result<Response, Error> {
    let created: Vec<_> = users
        .into_iter()
        .map(|user| CreatedUser {
            user,
            result: "created",
        })
        .collect();
    response::json(StatusCode::CREATED, &created)
}

fn details(conflict: &StoredConflict) -> Vec<Detail> {
    let taken = [(conflict.email, "email"), (conflict.username, "username")];
    taken
        .into_iter()
        .filter(|(is_taken, _)| *is_taken)
        .map(|(_, field)| Detail {
            index: conflict.index,
            field: Some(field),
            code: "already_exists",
            message: format!("a user with this {field} exists already"),
        })
        .collect()
}
