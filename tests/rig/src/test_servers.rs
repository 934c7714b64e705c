//! The servers that the test command has started, as it names them in the environment.

use anyhow::Context;

/// The URL of a superuser on the private PostgreSQL of this run.
pub(crate) fn database_url() -> anyhow::Result<String> {
    required("TEST_DATABASE_URL")
}

/// The address of the Secrets Manager stand-in of this run.
pub(crate) fn secrets_endpoint() -> anyhow::Result<String> {
    required("TEST_MOTO_ENDPOINT")
}

fn required(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| {
        format!(
            "{name} is not set: these tests need servers, run `cargo verify` or `cargo xtask test`"
        )
    })
}
