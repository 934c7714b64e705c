//! `rollcall health`: whether the service is healthy.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use crate::api::{Api, Request};
use crate::failure::Failure;
use crate::output;

#[derive(Deserialize)]
struct Health {
    status: String,
    app_name: String,
    version: String,
    checks: BTreeMap<String, Check>,
}

#[derive(Deserialize)]
struct Check {
    status: String,
    provider: String,
    latency_ms: f64,
    error: Option<String>,
}

/// Prints the checks; an unhealthy service is a failure.
pub fn run(api: &Api, is_json: bool) -> Result<()> {
    let response = api.send_once(&Request::get("/health").public())?;
    // A service that is unhealthy answers 503 with the same body.
    let Ok(health) = serde_json::from_str::<Health>(&response.text) else {
        return Err(response.refusal().into());
    };
    if is_json {
        output::print(&response.text)?;
    } else {
        let service = format!("{} {}", health.app_name, health.version);
        let checks = health.checks.into_iter().map(|(name, check)| {
            let detail = match check.error {
                Some(error) => error,
                None => format!("{:.1} ms", check.latency_ms),
            };
            [name, check.status, check.provider, detail]
        });
        let first = [service, health.status.clone(), String::new(), String::new()];
        let rows: Vec<_> = [first].into_iter().chain(checks).collect();
        output::print(&output::table(&rows))?;
    }
    if health.status != "healthy" {
        return Err(Failure::Negative(format!("the service is {}", health.status)).into());
    }
    Ok(())
}
