//! Serves [`stats::Dashboard`].

use shared::serve;
use stats::Dashboard;

fn main() -> Result<(), lambda_http::Error> {
    serve("stats", |state| Ok(Dashboard::new(state)))
}
