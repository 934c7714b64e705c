//! The dashboard: numbers of all users, exactly, at most a minute old.

mod cached;
mod signups;
mod stats;

use shared::{
    platform::{
        cache::{Lifetimes, TwoLevelCache},
        function::Function,
        http::router::Route,
        state::State,
    },
    users::{Signups, UserStats},
};

/// The function's state.
pub struct Dashboard {
    state: State,
    stats: TwoLevelCache<UserStats>,
    signups: TwoLevelCache<Signups>,
}

impl Dashboard {
    /// Starts with empty caches.
    #[must_use]
    pub fn new(state: State) -> Self {
        let lifetimes = Lifetimes {
            fresh: state.config.stats_cache,
            stale: state.config.stats_stale,
        };
        let valkey = || state.valkey.clone();
        Self {
            stats: TwoLevelCache::new(lifetimes, valkey(), "stats", stats::FORMAT),
            signups: TwoLevelCache::new(lifetimes, valkey(), "signups", signups::FORMAT),
            state,
        }
    }
}

impl Function for Dashboard {
    const ROUTES: &'static [Route<Self>] = &[stats::ROUTE, signups::ROUTE];

    fn state(&self) -> &State {
        &self.state
    }
}

/// What the document of the API says of these routes.
#[cfg(feature = "openapi")]
#[must_use]
pub fn openapi() -> shared::platform::openapi::Part {
    signups::describe(stats::describe(shared::platform::openapi::Part::default()))
}
