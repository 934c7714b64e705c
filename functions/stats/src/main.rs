//! Serves [`stats::Stats`].

use shared::{executor, function, state::State, telemetry};
use stats::Stats;

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(async {
        let state = State::start("stats").await?;
        function::run(Stats::new(state)).await
    })
}
