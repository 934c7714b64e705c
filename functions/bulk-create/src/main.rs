//! Serves [`bulk_create::BulkCreate`].

use bulk_create::BulkCreate;
use shared::{function, state::State, telemetry};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let state = State::start("bulk-create").await?;
    function::run(BulkCreate::new(state)?).await
}
