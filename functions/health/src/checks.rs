//! The checks behind `GET /health`.

use std::{convert::Infallible, time::Duration};

use serde::Serialize;
use shared::{
    platform::{
        cache::CachedValue,
        database::Database,
        deadline::Deadline,
        error::{Error, chain},
        limiter::RateLimiter,
        state::State,
        valkey::{Failure, Valkey},
    },
    store::server::ping,
};
use tokio::time::{Instant, timeout_at};

/// All checks together take no longer.
const BOUND: Duration = Duration::from_secs(2);

/// How long the outcome of a round of checks is given to all who ask.
const LIFETIME: Duration = Duration::from_secs(1);

/// Runs checks, and remembers their outcome for a moment.
pub(crate) struct Checks {
    state: State,
    last: CachedValue<ChecksBody>,
}

/// One entry a check.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HealthChecks))]
pub(crate) struct ChecksBody {
    pub(crate) database: Check,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<Check>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limiter: Option<Check>,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HealthCheck))]
pub(crate) struct Check {
    pub(crate) status: Status,
    provider: &'static str,
    latency_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// Well or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HealthStatus))]
pub(crate) enum Status {
    Healthy,
    Unhealthy,
}

impl Checks {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state,
            last: CachedValue::new(LIFETIME),
        }
    }

    pub(crate) async fn run(&self) -> ChecksBody {
        let checks = async {
            let State {
                database,
                valkey,
                limiter,
                ..
            } = &self.state;
            let (database, cache, rate_limiter) = tokio::join!(
                check_database(database),
                check_cache(valkey.as_ref()),
                check_limiter(limiter.as_ref()),
            );
            Ok::<_, Infallible>(ChecksBody {
                database,
                cache,
                rate_limiter,
            })
        };
        let Ok(checks) = self.last.get(checks).await;
        checks
    }
}

impl Check {
    fn new(provider: &'static str, started: Instant, error: Option<&'static str>) -> Self {
        Self {
            status: if error.is_none() {
                Status::Healthy
            } else {
                Status::Unhealthy
            },
            provider,
            latency_ms: (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0,
            error,
        }
    }
}

async fn check_cache(valkey: Option<&Valkey>) -> Option<Check> {
    let started = Instant::now();
    Some(shared_check(started, valkey?.ping(BOUND).await))
}

async fn check_limiter(limiter: Option<&RateLimiter>) -> Option<Check> {
    let started = Instant::now();
    Some(shared_check(started, limiter?.check(BOUND).await))
}

/// Failures have been logged where they were met.
fn shared_check(started: Instant, outcome: Result<(), Failure>) -> Check {
    let error = outcome.err().map(|failure| failure.reason().as_str());
    Check::new("valkey", started, error)
}

async fn check_database(database: &Database) -> Check {
    let deadline = Deadline::after(BOUND);
    let started = Instant::now();
    let ping = database.read(&deadline, |mut lease| async move {
        (ping(&mut lease).await, lease)
    });
    let outcome = timeout_at(deadline.instant(), ping).await;
    let error = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "the database check failed");
            Some(public_word(&error))
        }
        Err(_) => Some("timeout"),
    };
    Check::new("postgresql", started, error)
}

/// A word from a fixed set, so that nothing internal is shown.
fn public_word(error: &Error) -> &'static str {
    match error {
        Error::DatabaseUnavailable(cause) => cause.reason().as_str(),
        Error::Timeout { .. } => "timeout",
        _ => "failed",
    }
}
