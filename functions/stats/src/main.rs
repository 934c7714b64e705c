//! Serves [`stats::Dashboard`].

use shared::platform::{function, runtime};
use stats::Dashboard;

fn main() -> Result<(), lambda_http::Error> {
    runtime::block_on(function::run("stats", |state| Ok(Dashboard::new(state))))
}
