//! Metrics: one JSON object a request on standard output, in CloudWatch's embedded metric format.
//!
//! Names of connection metrics are OpenTelemetry's (semantic conventions, `db.client.connection.*`).
//! There are no labels: each would be a metric of its own to pay for.

use std::{
    io::{self, Write as _},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lambda_http::http::StatusCode;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_cloudwatch_embedded::{Builder, Collector};

use crate::platform::error::Error;

/// Requests answered.
pub const REQUESTS: &str = "requests";
/// Requests answered with a status of 500 or more.
pub const ERRORS: &str = "errors";
/// How long a request took.
pub const DURATION: &str = "duration_ms";
/// First requests of environments.
pub const COLD_STARTS: &str = "cold_start";
/// Reads that were tried again on a new connection, and transactions that were begun anew.
pub const RETRIES: &str = "retries";
/// Reads that the primary answered because the replica could not.
pub const REPLICA_BYPASSED: &str = "replica_bypassed";
/// Answers that a cache gave.
pub const CACHE_HITS: &str = "cache_hit";
/// Answers that were older than usual, because the database could not be asked.
pub const CACHE_STALE: &str = "cache_stale";
/// Commands that the shared cache did not carry out.
pub const CACHE_ERRORS: &str = "cache_error";
/// Requests that were refused because their callers had sent too many.
pub const RATE_LIMITED: &str = "rate_limited";
/// Open connections of the environment.
pub const CONNECTIONS: &str = "db.client.connection.count";
/// The most connections that the environment may open.
pub const CONNECTIONS_MAX: &str = "db.client.connection.max";
/// How long a query waited for a connection.
pub const CONNECTION_WAIT: &str = "db.client.connection.wait_time";
/// How long it took to open a connection.
pub const CONNECTION_CREATE: &str = "db.client.connection.create_time";
/// Queries that got no connection, for whatever reason.
pub const CONNECTION_TIMEOUTS: &str = "db.client.connection.timeouts";

/// Checks of the database by `/health`: 1 for each that found it well, 0 for each other.
pub const HEALTHY: &str = "healthy";

/// CloudWatch's name for all metrics of this project.
const NAMESPACE: &str = "rollcall";

/// A line with every metric is about this long.
const LINE_BYTES: usize = 1_536;

static COLLECTOR: OnceLock<&'static Collector> = OnceLock::new();

/// Starts collecting for a function, under the name that it has in Lambda. Without it, recording
/// does nothing.
pub(crate) fn start(function_name: &str) -> Result<(), Error> {
    let collector = Builder::new()
        .cloudwatch_namespace(NAMESPACE)
        .with_dimension("function", function_name.to_owned())
        .init()
        .map_err(|error| Error::internal("starting metrics", error.to_string()))?;
    describe_counter!(REQUESTS, Unit::Count, "");
    describe_counter!(ERRORS, Unit::Count, "");
    describe_histogram!(DURATION, Unit::Milliseconds, "");
    describe_counter!(COLD_STARTS, Unit::Count, "");
    describe_counter!(RETRIES, Unit::Count, "");
    describe_counter!(REPLICA_BYPASSED, Unit::Count, "");
    describe_counter!(CACHE_HITS, Unit::Count, "");
    describe_counter!(CACHE_STALE, Unit::Count, "");
    describe_counter!(CACHE_ERRORS, Unit::Count, "");
    describe_counter!(RATE_LIMITED, Unit::Count, "");
    describe_gauge!(CONNECTIONS, Unit::Count, "");
    describe_gauge!(CONNECTIONS_MAX, Unit::Count, "");
    describe_histogram!(CONNECTION_WAIT, Unit::Milliseconds, "");
    describe_histogram!(CONNECTION_CREATE, Unit::Milliseconds, "");
    describe_counter!(CONNECTION_TIMEOUTS, Unit::Count, "");
    describe_histogram!(HEALTHY, Unit::Count, "");
    let _ = COLLECTOR.set(collector);
    Ok(())
}

/// Counts an event.
pub fn count(name: &'static str) {
    counter!(name).increment(1);
}

/// Records how long something took.
pub fn time(name: &'static str, duration: Duration) {
    histogram!(name).record(duration.as_secs_f64() * 1_000.0);
}

/// Records whether something is well.
pub fn well(name: &'static str, is_well: bool) {
    histogram!(name).record(f64::from(u8::from(is_well)));
}

/// Records one answered request and writes out everything since the last one.
pub(crate) fn finish_request(
    status: StatusCode,
    duration: Duration,
    open_connections: usize,
    max_connections: usize,
) {
    static IS_WARM: AtomicBool = AtomicBool::new(false);
    count(REQUESTS);
    if !IS_WARM.swap(true, Ordering::Relaxed) {
        count(COLD_STARTS);
    }
    if status.is_server_error() {
        count(ERRORS);
    }
    time(DURATION, duration);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a pool has a hundred connections at most"
    )]
    {
        gauge!(CONNECTIONS).set(open_connections as f64);
        gauge!(CONNECTIONS_MAX).set(max_connections as f64);
    }
    if let Some(collector) = COLLECTOR.get() {
        // A request is not failed because its metrics could not be written.
        let _ = write_line(collector);
    }
}

/// Writes everything since the last line at once: standard output would hand on pieces of it.
fn write_line(collector: &Collector) -> io::Result<()> {
    let mut line = Vec::with_capacity(LINE_BYTES);
    collector.flush(&mut line)?;
    io::stdout().lock().write_all(&line)
}
