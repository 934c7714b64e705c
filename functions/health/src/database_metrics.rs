//! `GET /api/v1/metrics/database`: the connections of this environment, and of all others.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    database::PoolStatus,
    error::Error,
    function::Call,
    http::{
        query::QueryParameters,
        response::{self, Response},
    },
    queries::server::{Fleet, ListFleet},
    state::State,
};

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct DatabaseMetrics {
    #[serde(flatten)]
    pool: PoolStatus,
    fleet: Fleet,
}

pub(crate) async fn respond(state: &State, call: &Call) -> Result<Response, Error> {
    QueryParameters::parse(&call.request, &[])?;
    let fleet = state.database.read(&call.deadline, &ListFleet).await?;
    let metrics = DatabaseMetrics {
        pool: state.database.status(),
        fleet,
    };
    response::json(StatusCode::OK, &metrics)
}
