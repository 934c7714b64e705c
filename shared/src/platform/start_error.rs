//! Why an environment could not start.

use std::fmt;

use crate::platform::{
    config::ConfigError,
    error::{Error, Unavailable, chain},
};

/// Why an environment could not start.
#[derive(thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret that a variable points to could not be had or read.
    #[error("{variable}: {}", chain(.source))]
    Secret {
        /// The variable that names the secret.
        variable: &'static str,
        /// Why.
        source: Error,
    },
    /// The database cannot be reached.
    #[error("the database cannot be reached: {}", chain(.0))]
    Database(#[from] Unavailable),
    /// Something else.
    #[error("{}", chain(.0))]
    Other(#[from] Error),
}

/// `main` returns this error, and Rust prints what `main` returns with `Debug`: a sentence here is a
/// sentence in the log.
impl fmt::Debug for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
