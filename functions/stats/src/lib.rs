//! `GET /api/v1/dashboard/stats`: how many users there are, exactly, at most a minute old.

#[cfg(feature = "openapi")]
pub mod openapi;

use lambda_http::http::{HeaderValue, Method, StatusCode, header};
use shared::{
    cache::{Aged, Lifetimes, TwoLevelCache, Wanted},
    error::Error,
    function::{Call, Function},
    http::{
        query::QueryParameters,
        response::{self, Response},
        route::{Access, Route},
    },
    queries::stats::CountUsers,
    state::State,
    users::UserStats,
};

/// The version of what is stored in the shared cache. A release that changes [`UserStats`] raises it, so
/// that old and new environments do not read each other's.
const FORMAT: u32 = 1;

/// The function's state.
pub struct Stats {
    state: State,
    cache: TwoLevelCache<UserStats>,
}

impl Stats {
    /// Starts with an empty cache.
    #[must_use]
    pub fn new(state: State) -> Self {
        let lifetimes = Lifetimes {
            fresh: state.config.stats_cache,
            stale: state.config.stats_stale,
        };
        let cache = TwoLevelCache::new(lifetimes, state.valkey.clone(), "stats", FORMAT);
        Self { state, cache }
    }
}

impl Function for Stats {
    const ROUTES: &'static [Route] = &[Route {
        method: Method::GET,
        path: "/api/v1/dashboard/stats",
        access: Access::Superuser,
    }];

    fn state(&self) -> &State {
        &self.state
    }

    async fn handle(&self, call: &Call) -> Result<Response, Error> {
        QueryParameters::parse(&call.request, &[])?;
        let wanted = if wants_fresh(call) {
            Wanted::New
        } else {
            Wanted::Cached
        };
        let count = self.state.database.read(&call.deadline, &CountUsers);
        let Aged { value, age } = self.cache.get(&call.allowance, wanted, count).await?;
        let mut response = response::json(StatusCode::OK, &value)?;
        let headers = response.headers_mut();
        headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
        headers.insert(header::CACHE_CONTROL, self.cache_control());
        // A cache that serves several callers must not give one the answer of another.
        headers.insert(header::VARY, HeaderValue::from_static("Authorization"));
        Ok(response)
    }
}

impl Stats {
    fn cache_control(&self) -> HeaderValue {
        let max_age = self.state.config.stats_cache.as_secs();
        HeaderValue::from_str(&format!("private, max-age={max_age}"))
            .unwrap_or(HeaderValue::from_static("no-store"))
    }
}

/// Whether the request asks for numbers of this very moment (RFC 9111, section 5.2.1.4).
fn wants_fresh(call: &Call) -> bool {
    let values = call.request.headers().get_all(header::CACHE_CONTROL);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}
