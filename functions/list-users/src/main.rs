//! Serves [`list_users::ListUsers`].

use list_users::ListUsers;
use shared::{executor, function, state::State, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(async {
        let state = State::start("list-users").await?;
        function::run(ListUsers::new(state)).await
    })
}
