//! Serves [`users::Users`].

use shared::serve;
use users::Users;

fn main() -> Result<(), lambda_http::Error> {
    serve("users", Users::new)
}
