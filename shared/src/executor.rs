//! The async runtime that a function runs on.

use std::{env, io};

use tokio::runtime::{Builder, Runtime};

/// Set by Lambda where one environment gets several requests at the same time.
const CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

/// Makes the runtime.
///
/// An environment that gets one request at a time has nothing to run side by side but waiting, which one
/// thread does best: none has to be started, and none has to be woken for every answer. Hashing has
/// threads of its own. With several requests at a time, all cores take part.
pub fn build() -> io::Result<Runtime> {
    let is_alone = env::var(CONCURRENCY)
        .ok()
        .and_then(|requests| requests.parse().ok())
        .is_none_or(|requests: u32| requests <= 1);
    let mut builder = if is_alone {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder.enable_all().build()
}
