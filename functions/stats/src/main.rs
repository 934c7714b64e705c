//! Serves [`stats::Stats`].

use shared::{function, state::State, telemetry};
use stats::Stats;

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let state = State::start("stats").await?;
    function::run(Stats::new(state)).await
}
