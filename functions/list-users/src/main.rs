//! Serves [`list_users::ListUsers`].

use list_users::ListUsers;
use shared::{function, state::State, telemetry};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let state = State::start("list-users").await?;
    function::run(ListUsers::new(state)).await
}
