//! Functions that share a Valkey server.

use rig::{FunctionBuilder, Response};
use servers::Valkey;

use crate::fixture::Fixture;

/// A function with a shared cache, and with a limit if `requests` is not 0.
pub fn sharing(
    fixture: &Fixture,
    name: &str,
    server: &Valkey,
    requests: u32,
    window_seconds: u32,
) -> FunctionBuilder {
    fixture
        .function(name)
        .env("VALKEY_URL", server.url())
        .env("RATE_LIMIT_REQUESTS", requests.to_string())
        .env("RATE_LIMIT_WINDOW_SECONDS", window_seconds.to_string())
        // Debug builds on a busy machine connect slower than Lambda does.
        .env("VALKEY_TIMEOUT_MILLISECONDS", "1000")
}

/// Whether the limiter has counted this request.
pub fn is_counted(response: &Response) -> bool {
    response.header("ratelimit").is_some()
}
