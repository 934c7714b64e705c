//! Serves [`health::Health`].

use health::Health;
use shared::{function, state::State, telemetry};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let state = State::start("health").await?;
    function::run(Health::new(state)).await
}
