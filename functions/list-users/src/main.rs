//! Serves [`list_users::ListUsers`].

use list_users::ListUsers;
use shared::serve;

fn main() -> Result<(), lambda_http::Error> {
    serve("list-users", ListUsers::new)
}
