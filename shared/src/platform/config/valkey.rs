//! Variables about the Valkey server that environments share, and about the limits kept there.

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::variables::{ConfigError, Variables};

/// A round trip within a region takes about a millisecond, a connection with TLS about ten: ten times
/// that is more than a hiccup, and still less than anybody notices.
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(50);

/// Most rate limits are stated per minute.
const DEFAULT_WINDOW: Duration = Duration::from_mins(1);

/// A Valkey server that all environments use, and that every request can do without.
#[derive(Debug)]
pub struct ValkeyConfig {
    /// `VALKEY_URL`: `rediss://host:port` with TLS, `redis://` without. May hold a user and a
    /// password, for local use. Unset turns the shared cache and the limiter off.
    pub url: SecretString,
    /// `VALKEY_SECRET_ARN`: a secret with `username` and `password`, which go before those in the
    /// URL.
    pub secret_arn: Option<String>,
    /// `VALKEY_SSL_ROOT_CERT`: a file of trusted authorities in PEM, in place of Amazon's.
    pub ssl_root_cert: Option<PathBuf>,
    /// `VALKEY_KEY_PREFIX`: what all keys begin with, so that deployments can share a server.
    /// Default `rollcall`.
    pub key_prefix: String,
    /// `VALKEY_TIMEOUT_MILLISECONDS`, 5 to 1000: what one request may spend on the server in all.
    /// Default 50.
    pub timeout: Duration,
    /// How many requests a caller may send; `None` is any number.
    pub rate_limit: Option<RateLimit>,
}

/// How many requests a caller may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// `RATE_LIMIT_REQUESTS`, 0 to 1000000: at once, and in each window. Default 0, which is no
    /// limit.
    pub requests: u32,
    /// `RATE_LIMIT_WINDOW_SECONDS`, 1 to 86400. Default 60.
    pub window: Duration,
}

impl ValkeyConfig {
    pub(super) fn from_variables(variables: &Variables) -> Result<Option<Self>, ConfigError> {
        let rate_limit = RateLimit::from_variables(variables)?;
        let timeout = variables
            .whole_number("VALKEY_TIMEOUT_MILLISECONDS", 5..=1_000)?
            .map_or(DEFAULT_TIMEOUT, Duration::from_millis);
        let Some(url) = variables.optional("VALKEY_URL") else {
            return Ok(None);
        };
        Ok(Some(Self {
            url: url.into(),
            secret_arn: variables.optional("VALKEY_SECRET_ARN").map(str::to_owned),
            ssl_root_cert: variables
                .optional("VALKEY_SSL_ROOT_CERT")
                .map(PathBuf::from),
            key_prefix: variables
                .optional("VALKEY_KEY_PREFIX")
                .unwrap_or("rollcall")
                .to_owned(),
            timeout,
            rate_limit,
        }))
    }
}

impl RateLimit {
    fn from_variables(variables: &Variables) -> Result<Option<Self>, ConfigError> {
        let requests = variables
            .whole_number("RATE_LIMIT_REQUESTS", 0..=1_000_000)?
            .unwrap_or(0);
        let window = variables
            .whole_number("RATE_LIMIT_WINDOW_SECONDS", 1..=86_400)?
            .map_or(DEFAULT_WINDOW, Duration::from_secs);
        Ok((requests > 0).then_some(Self { requests, window }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_server_there_is_no_limit_either() {
        let variables = Variables::from([("RATE_LIMIT_REQUESTS", "10")]);
        assert!(ValkeyConfig::from_variables(&variables).unwrap().is_none());
    }

    #[test]
    fn a_server_alone_is_a_cache_without_a_limit() {
        let variables = Variables::from([("VALKEY_URL", "rediss://cache:6379")]);
        let config = ValkeyConfig::from_variables(&variables).unwrap().unwrap();
        assert_eq!(config.rate_limit, None);
        assert_eq!(config.timeout, Duration::from_millis(50));
        let limited = variables.with("RATE_LIMIT_REQUESTS", "10");
        let config = ValkeyConfig::from_variables(&limited).unwrap().unwrap();
        let limit = RateLimit {
            requests: 10,
            window: Duration::from_mins(1),
        };
        assert_eq!(config.rate_limit, Some(limit));
    }

    #[test]
    fn the_url_is_not_shown_by_debug() {
        let variables = Variables::from([("VALKEY_URL", "redis://app:hunter2@cache")]);
        let config = ValkeyConfig::from_variables(&variables).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
