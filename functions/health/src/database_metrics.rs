//! `GET /api/v1/metrics/database`: the connections of this environment.

use lambda_http::http::StatusCode;
use shared::{
    error::Error,
    http::response::{self, Response},
    state::State,
};

pub(crate) fn respond(state: &State) -> Result<Response, Error> {
    response::json(StatusCode::OK, &state.database.status())
}
