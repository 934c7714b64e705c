//! The dashboard: numbers of all users, exactly, at most a minute old.

mod cached;
mod stats;

use shared::{
    cache::{Lifetimes, TwoLevelCache},
    function::Function,
    http::router::Route,
    state::State,
    users::UserStats,
};

/// The function's state.
pub struct Dashboard {
    state: State,
    stats: TwoLevelCache<UserStats>,
}

impl Dashboard {
    /// Starts with an empty cache.
    #[must_use]
    pub fn new(state: State) -> Self {
        let lifetimes = Lifetimes {
            fresh: state.config.stats_cache,
            stale: state.config.stats_stale,
        };
        Self {
            stats: TwoLevelCache::new(lifetimes, state.valkey.clone(), "stats", stats::FORMAT),
            state,
        }
    }
}

impl Function for Dashboard {
    const ROUTES: &'static [Route<Self>] = &[stats::ROUTE];

    fn state(&self) -> &State {
        &self.state
    }
}

/// What the document of the API says of these routes.
#[cfg(feature = "openapi")]
#[must_use]
pub fn openapi() -> shared::openapi::Part {
    stats::describe(shared::openapi::Part::default())
}
