//! Whether this deployment is well, and what its connections do.

mod checks;
mod database_metrics;
#[cfg(feature = "openapi")]
pub mod openapi;

use lambda_http::http::{Method, StatusCode};
use shared::{
    error::Error,
    function::{Call, Function},
    http::{
        query::QueryParameters,
        response::{self, Response},
        route::{Access, Route},
    },
    state::State,
};

use self::checks::{Checks, Health as HealthBody, Status};

const HEALTH: &str = "/health";
const LIVE: &str = "/health/live";
const DATABASE_METRICS: &str = "/api/v1/metrics/database";

/// The function's state.
pub struct Health {
    state: State,
    checks: Checks,
}

impl Health {
    /// Starts with nothing checked yet.
    #[must_use]
    pub fn new(state: State) -> Self {
        let checks = Checks::new(state.clone());
        Self { state, checks }
    }
}

impl Function for Health {
    const ROUTES: &'static [Route] = &[
        Route {
            method: Method::GET,
            path: HEALTH,
            access: Access::Open,
        },
        Route {
            method: Method::GET,
            path: LIVE,
            access: Access::Open,
        },
        Route {
            method: Method::GET,
            path: DATABASE_METRICS,
            access: Access::Superuser,
        },
    ];

    fn state(&self) -> &State {
        &self.state
    }

    async fn handle(&self, call: &Call) -> Result<Response, Error> {
        QueryParameters::parse(&call.request, &[])?;
        match call.route.path {
            LIVE => response::json(StatusCode::OK, &checks::Live::new()),
            DATABASE_METRICS => database_metrics::respond(&self.state, call).await,
            _ => self.health().await,
        }
    }
}

impl Health {
    async fn health(&self) -> Result<Response, Error> {
        let checks = self.checks.run().await;
        let body = HealthBody::new(&self.state.config.app_name, checks);
        let status = match body.status {
            Status::Healthy => StatusCode::OK,
            Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
        };
        response::json(status, &body)
    }
}
