//! Whether this deployment is well, and what its connections do.

mod checks;
mod database_metrics;
#[cfg(feature = "openapi")]
pub mod openapi;

use std::future::ready;

use lambda_http::http::{Method, StatusCode};
use shared::platform::{
    error::Error,
    function::Function,
    http::{
        response::{self, Response},
        router::{Access, Route},
    },
    state::State,
};

use self::checks::{Checks, Health as HealthBody, Status};

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
    const ROUTES: &'static [Route<Self>] = &[
        Route {
            method: Method::GET,
            path: "/health",
            access: Access::Open,
            handler: |function, _| Box::pin(function.health()),
        },
        Route {
            method: Method::GET,
            path: "/health/live",
            access: Access::Open,
            handler: |_, _| Box::pin(ready(live())),
        },
        Route {
            method: Method::GET,
            path: "/api/v1/metrics/database",
            access: Access::Superuser,
            handler: |function, context| {
                Box::pin(database_metrics::respond(&function.state, context))
            },
        },
    ];

    fn state(&self) -> &State {
        &self.state
    }
}

impl Health {
    /// Parameters are not read: monitors add one so that no cache answers.
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

fn live() -> Result<Response, Error> {
    response::json(StatusCode::OK, &checks::Live::new())
}
