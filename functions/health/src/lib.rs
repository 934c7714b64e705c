//! Whether this deployment is well, and what its connections do.

mod checks;
mod database_metrics;
mod health;
mod live;

use shared::platform::{function::Function, http::router::Route, state::State};

use self::checks::Checks;

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
    const ROUTES: &'static [Route<Self>] = &[health::ROUTE, live::ROUTE, database_metrics::ROUTE];

    fn state(&self) -> &State {
        &self.state
    }
}

/// What the document of the API says of these routes.
#[cfg(feature = "openapi")]
#[must_use]
pub fn openapi() -> shared::platform::openapi::Part {
    let part = health::describe(shared::platform::openapi::Part::default());
    database_metrics::describe(live::describe(part))
}
