//! The async runtime that a function runs on.

use std::future::Future;

use tokio::runtime::Builder;

use crate::platform::{config::Variables, start_error::StartError, telemetry};

/// The C library never gives back what is put into the environment, and `lambda_runtime` puts a trace id there for every
/// request. These pieces lie between the others of the C library's heap, which so grows by far more than they take.
// Unit tests link this crate twice, and a program has one allocator.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Starts logging and runs a function to its end. Every `main` is this call.
///
/// With one request at a time there is only I/O to await, and a single thread is fastest: no other has to
/// be started, or woken for every response. Hashing has threads of its own. With several requests at a time,
/// all cores take part.
pub fn block_on(
    function: impl Future<Output = Result<(), lambda_http::Error>>,
) -> Result<(), lambda_http::Error> {
    let variables = Variables::of_process();
    telemetry::init(&variables);
    let concurrency = variables.concurrency().map_err(StartError::from)?;
    let mut builder = if concurrency == 1 {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder.enable_all().build()?.block_on(function)
}
