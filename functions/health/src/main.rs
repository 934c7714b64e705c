//! Serves [`health::Health`].

use health::Health;
use shared::{executor, function, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(function::run("health", |state| Ok(Health::new(state))))
}
