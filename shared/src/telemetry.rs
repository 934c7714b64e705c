//! Logs: one JSON object a line on standard output, where Lambda collects them.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging. Call it once, first thing in `main`.
///
/// `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's logging configuration, chooses
/// the level (default `info`); `RUST_LOG` overrides it with a filter, for local use.
pub fn init() {
    let filter = EnvFilter::try_from_default_env()
        .or_else(|_| EnvFilter::try_from_env("AWS_LAMBDA_LOG_LEVEL"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let json = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(true);
    tracing_subscriber::registry()
        .with(filter)
        .with(json)
        .init();
}
