//! Serves [`bulk_create::BulkCreate`].

use bulk_create::BulkCreate;
use shared::{executor, function, state::State, telemetry};

fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    executor::build()?.block_on(async {
        let state = State::start("bulk-create").await?;
        function::run(BulkCreate::new(state)?).await
    })
}
