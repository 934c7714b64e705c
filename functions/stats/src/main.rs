//! Serves [`stats::Stats`].

use shared::{executor, function, telemetry};
use stats::Stats;

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(function::run("stats", |state| Ok(Stats::new(state))))
}
