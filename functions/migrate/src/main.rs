//! Serves [`migrate::handle`].

use lambda_runtime::service_fn;
use shared::platform::runtime;

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::block_on(lambda_runtime::run(service_fn(migrate::handle)))
}
