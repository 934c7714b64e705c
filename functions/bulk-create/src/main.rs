//! Serves [`bulk_create::BulkCreate`].

use bulk_create::BulkCreate;
use shared::serve;

fn main() -> Result<(), lambda_http::Error> {
    serve("bulk-create", BulkCreate::new)
}
