//! Serves [`health::Health`].

use health::Health;
use shared::{executor, function, state::State, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(async {
        let state = State::start("health").await?;
        function::run(Health::new(state)).await
    })
}
