//! `GET /api/v1/metrics/database`: the connections of this environment, and of all others.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    platform::{
        database::PoolStatus,
        error::Error,
        http::{
            query::QueryParameters,
            response::{self, Response},
        },
        request_context::RequestContext,
        state::State,
    },
    store::server::{Fleet, ListFleet},
};

#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct DatabaseMetrics {
    #[serde(flatten)]
    pool: PoolStatus,
    fleet: Fleet,
}

pub(crate) async fn respond(state: &State, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let fleet = state.database.read(&context.deadline, &ListFleet).await?;
    let metrics = DatabaseMetrics {
        pool: state.database.status(),
        fleet,
    };
    response::json(StatusCode::OK, &metrics)
}
