//! Serves [`list_users::ListUsers`].

use list_users::ListUsers;
use shared::{executor, function, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(function::run("list-users", |state| {
        Ok(ListUsers::new(state))
    }))
}
