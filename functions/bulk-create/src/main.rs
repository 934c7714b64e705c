//! Serves [`bulk_create::BulkCreate`].

use bulk_create::BulkCreate;
use shared::platform::{function, runtime};

fn main() -> Result<(), lambda_http::Error> {
    runtime::block_on(function::run("bulk-create", BulkCreate::new))
}
