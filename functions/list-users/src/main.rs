//! Serves [`list_users::ListUsers`].

use list_users::ListUsers;
use shared::platform::{function, runtime};

fn main() -> Result<(), lambda_http::Error> {
    runtime::block_on(function::run("list-users", |state| {
        Ok(ListUsers::new(state))
    }))
}
