//! Serves [`migrate::handle`].

use lambda_runtime::service_fn;
use shared::telemetry;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
    lambda_runtime::run(service_fn(migrate::handle)).await
}
