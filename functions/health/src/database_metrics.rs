//! `GET /api/v1/metrics/database`: the connections of this environment, and of all others.

use lambda_http::http::{Method, StatusCode};
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
    store::server::{Fleet, list_fleet},
};

use crate::Health;

pub(crate) const ROUTE: Route<Health> = Route {
    method: Method::GET,
    path: "/api/v1/metrics/database",
    access: Access::Superuser,
    handler: |function, context| Box::pin(handle(function, context)),
};

/// The connections of the environment that answers, in the words of SQLAlchemy's pool, which the API had
/// before; and of all environments.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct DatabaseMetrics {
    /// The most connections that are kept.
    pool_size: usize,
    /// Connections that wait for work.
    checked_in: usize,
    /// Connections at work.
    checked_out: usize,
    /// Connections beyond `pool_size`: always 0, this pool has no overflow.
    overflow: usize,
    /// All open connections.
    total_connections: usize,
    /// What the server sees of all environments.
    fleet: Fleet,
}

async fn handle(function: &Health, context: &RequestContext) -> Result<Response, Error> {
    QueryParameters::parse(&context.request, &[])?;
    let database = &function.state.database;
    let fleet = database
        .read(&context.deadline, |mut lease| async move {
            (list_fleet(&mut lease).await, lease)
        })
        .await?;
    let pool = database.status();
    let metrics = DatabaseMetrics {
        pool_size: pool.max,
        checked_in: pool.idle,
        checked_out: pool.open - pool.idle,
        overflow: 0,
        total_connections: pool.open,
        fleet,
    };
    response::json(StatusCode::OK, &metrics)
}

#[cfg(feature = "openapi")]
pub(crate) fn describe(part: shared::platform::openapi::Part) -> shared::platform::openapi::Part {
    use serde_json::json;
    use shared::platform::openapi::{Operation, json_response, schema_ref};

    let operation = Operation {
        id: "getDatabaseMetrics",
        tag: "operations",
        summary: "Count the connections to the database",
        description:
            "The first five numbers are of the environment that answers; `fleet` is what the \
                      server sees of all of them."
                .to_owned(),
        parameters: Vec::new(),
        request_body: None,
        responses: vec![(
            "200",
            json_response(
                "The connections.",
                schema_ref("DatabaseMetrics"),
                json!({
                    "pool_size": 1,
                    "checked_in": 1,
                    "checked_out": 0,
                    "overflow": 0,
                    "total_connections": 1,
                    "fleet": {
                        "max_connections": 100,
                        "connections": [
                            { "function": "health", "state": "active", "count": 1 },
                            { "function": "stats", "state": "idle", "count": 1 },
                        ],
                    },
                }),
            ),
        )],
        errors: Vec::new(),
    };
    part.schema::<Fleet>(&[])
        .schema::<DatabaseMetrics>(&[])
        .operation(&ROUTE, operation)
}
