//! The checks behind `GET /health`.

use std::{convert::Infallible, time::Duration};

use serde::Serialize;
use shared::{
    cache::CachedValue,
    database::Database,
    deadline::Deadline,
    error::{Error, chain},
    queries::server::Ping,
};
use tokio::time::{Instant, timeout_at};

/// All checks together take no longer.
const BOUND: Duration = Duration::from_secs(2);

/// A flood of probes causes one round of checks in this time.
const LIFETIME: Duration = Duration::from_secs(1);

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs checks, and remembers their outcome for a moment.
pub(crate) struct Checks {
    database: Database,
    last: CachedValue<ChecksBody>,
}

/// The answer to `GET /health`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Health<'a> {
    pub(crate) status: Status,
    app_name: &'a str,
    version: &'static str,
    checks: ChecksBody,
}

/// The answer to `GET /health/live`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Live {
    status: Status,
    version: &'static str,
}

/// One entry a check.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HealthChecks))]
pub(crate) struct ChecksBody {
    database: DatabaseCheck,
}

#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct DatabaseCheck {
    status: Status,
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
    pub(crate) fn new(database: Database) -> Self {
        Self {
            database,
            last: CachedValue::new(LIFETIME),
        }
    }

    pub(crate) async fn run(&self) -> ChecksBody {
        let checks = async {
            Ok::<_, Infallible>(ChecksBody {
                database: check_database(&self.database).await,
            })
        };
        let Ok(aged) = self.last.get(checks).await;
        aged.value
    }
}

impl<'a> Health<'a> {
    pub(crate) fn new(app_name: &'a str, checks: ChecksBody) -> Self {
        Self {
            status: checks.database.status,
            app_name,
            version: VERSION,
            checks,
        }
    }
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            status: Status::Healthy,
            version: VERSION,
        }
    }
}

async fn check_database(database: &Database) -> DatabaseCheck {
    let deadline = Deadline::after(BOUND);
    let started = Instant::now();
    let outcome = timeout_at(deadline.instant(), database.read(&deadline, &Ping)).await;
    let error = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "the database check failed");
            Some(public_word(&error))
        }
        Err(_) => Some("timeout"),
    };
    DatabaseCheck {
        status: if error.is_none() {
            Status::Healthy
        } else {
            Status::Unhealthy
        },
        provider: "postgresql",
        latency_ms: (started.elapsed().as_secs_f64() * 100_000.0).round() / 100.0,
        error,
    }
}

/// A word from a fixed set, so that nothing internal is shown to whoever asks.
fn public_word(error: &Error) -> &'static str {
    match error {
        Error::DatabaseUnavailable(cause) => cause.reason().as_str(),
        Error::Timeout { .. } => "timeout",
        _ => "failed",
    }
}
