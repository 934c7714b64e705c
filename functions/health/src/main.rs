//! Serves [`health::Health`].

use health::Health;
use shared::platform::{function, runtime};

fn main() -> Result<(), lambda_http::Error> {
    runtime::block_on(function::run("health", |state| Ok(Health::new(state))))
}
