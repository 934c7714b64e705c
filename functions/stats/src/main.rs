//! Serves [`stats::Dashboard`].

use shared::{executor, function, telemetry};
use stats::Dashboard;

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(function::run("stats", |state| Ok(Dashboard::new(state))))
}
