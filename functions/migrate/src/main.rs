//! Serves [`migrate::handle`].

use lambda_runtime::service_fn;
use shared::{executor, telemetry};

fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    executor::build()?.block_on(lambda_runtime::run(service_fn(migrate::handle)))
}
