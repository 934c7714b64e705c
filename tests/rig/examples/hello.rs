//! The least that an HTTP function can be: what `cargo xtask bench cold` compares the functions with.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(async |_: Request| {
        Ok::<_, Error>("hello, world")
    }))
    .await
}
