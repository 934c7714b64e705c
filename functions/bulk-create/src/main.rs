//! Serves [`bulk_create::BulkCreate`].

use bulk_create::BulkCreate;
use shared::{executor, function, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(function::run("bulk-create", BulkCreate::new))
}
