//! Serves [`health::Health`].

use health::Health;
use shared::serve;

fn main() -> Result<(), lambda_http::Error> {
    serve("health", |state| Ok(Health::new(state)))
}
