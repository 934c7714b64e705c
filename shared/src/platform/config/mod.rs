//! The environment, read once at start-up into typed values.
//!
//! Every error names the variable, so that a failed deploy says what to change.

mod audit;
mod auth;
mod bulk;
mod console;
mod database;
mod search;
mod users_table;
mod valkey;
mod variables;

use std::time::Duration;

pub use self::{
    audit::AuditConfig,
    auth::{
        AuthConfig, AuthMode, JwtAlgorithm, JwtConfig, JwtKeySource, RequiredClaim, SubjectConfig,
        SubjectField,
    },
    bulk::{Argon2Config, BulkConfig, MAX_BULK_ROWS, PasswordHash},
    console::{ConsoleConfig, OidcProvider},
    database::{DatabaseAddress, DatabaseConfig, DatabaseSource, ReadHost, SslMode},
    search::SearchConfig,
    users_table::users_table,
    valkey::{RateLimit, ValkeyConfig},
    variables::{ConfigError, Variables},
};
pub use ::users_table::{
    DetailedField, ExtraField, ExtraFields, FieldMapping, IdMapping, UsersMapping, UsersTable,
};

/// API Gateway's HTTP APIs answer for us after 30 s, and 29 s is the default of REST APIs: a
/// second below the smaller lets our own answer through.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(28);

/// The dashboard may be a minute behind.
const DEFAULT_STATS_CACHE: Duration = Duration::from_mins(1);

/// A restart or a fail-over of the database takes less.
const DEFAULT_STATS_STALE: Duration = Duration::from_mins(1);

/// The configuration of a function.
#[derive(Debug)]
pub struct Config {
    /// `APP_NAME`: what the health answer calls this deployment. Default `rollcall`.
    pub app_name: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`, which Lambda sets: the dimension of all metrics.
    pub function_name: Option<String>,
    /// `REQUEST_METRICS`, `on` or `off`: whether every request writes a line of metrics for CloudWatch. Default
    /// `on`.
    pub metrics: bool,
    /// What is remembered of changes.
    pub audit: AuditConfig,
    /// `EXPORT_PASSWORD_HASHES`, `true` or `false`: whether exports may have password hashes. Default `false`.
    pub export_password_hashes: bool,
    /// Where the database is and how to talk to it.
    pub database: DatabaseConfig,
    /// How callers prove who they are.
    pub auth: AuthConfig,
    /// `REQUEST_TIMEOUT_SECONDS`, 1 to 900: how long a request may take before the caller gets
    /// `504 request_timeout`. Default 28.
    pub request_timeout: Duration,
    /// `STATS_CACHE_SECONDS`, 0 to 3600: how old dashboard numbers may be. Default 60; 0 turns the
    /// cache off.
    pub stats_cache: Duration,
    /// `STATS_STALE_SECONDS`, 0 to 86400: how much older they may be while the database is
    /// unavailable. Default 60.
    pub stats_stale: Duration,
    /// The Valkey server that environments share, if there is one.
    pub valkey: Option<ValkeyConfig>,
    /// How users are imported.
    pub bulk: BulkConfig,
    /// How users are searched for.
    pub search: SearchConfig,
    /// Whose table they are in.
    pub users_table: UsersTable,
}

impl Config {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(&Variables::of_process())
    }

    /// Whether anything has to be fetched from Secrets Manager.
    #[must_use]
    pub fn names_secrets(&self) -> bool {
        let key_is_secret = match &self.auth.mode {
            AuthMode::Jwt(jwt) => matches!(jwt.key, JwtKeySource::Secret(_)),
            AuthMode::Gateway => false,
        };
        let valkey_is_secret = self
            .valkey
            .as_ref()
            .is_some_and(|valkey| valkey.secret_arn.is_some());
        key_is_secret
            || valkey_is_secret
            || matches!(self.database.source, DatabaseSource::Secret(_))
    }

    /// What one request may spend on the Valkey server.
    #[must_use]
    pub fn valkey_timeout(&self) -> Duration {
        self.valkey
            .as_ref()
            .map_or(Duration::ZERO, |valkey| valkey.timeout)
    }

    /// Reads the given variables.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let request_timeout = variables
            .whole_number("REQUEST_TIMEOUT_SECONDS", 1..=900)?
            .map_or(DEFAULT_REQUEST_TIMEOUT, Duration::from_secs);
        let users_table = users_table::read(variables)?;
        Ok(Self {
            app_name: variables
                .optional("APP_NAME")
                .unwrap_or("rollcall")
                .to_owned(),
            function_name: variables
                .optional("AWS_LAMBDA_FUNCTION_NAME")
                .map(str::to_owned),
            metrics: variables
                .one_of("REQUEST_METRICS", &[("on", true), ("off", false)])?
                .unwrap_or(true),
            audit: AuditConfig::from_variables(variables)?,
            export_password_hashes: variables
                .one_of(
                    "EXPORT_PASSWORD_HASHES",
                    &[("true", true), ("false", false)],
                )?
                .unwrap_or(false),
            database: DatabaseConfig::from_variables(variables, request_timeout)?,
            auth: AuthConfig::from_variables(variables, users_table.id_kind())?,
            request_timeout,
            stats_cache: variables
                .whole_number("STATS_CACHE_SECONDS", 0..=3_600)?
                .map_or(DEFAULT_STATS_CACHE, Duration::from_secs),
            stats_stale: variables
                .whole_number("STATS_STALE_SECONDS", 0..=86_400)?
                .map_or(DEFAULT_STATS_STALE, Duration::from_secs),
            valkey: ValkeyConfig::from_variables(variables)?,
            bulk: BulkConfig::from_variables(variables)?,
            search: SearchConfig::from_variables(variables)?,
            users_table,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Variables {
        Variables::from([
            ("DATABASE_URL", "postgres://app:pw@127.0.0.1:5432/app"),
            ("JWT_KEY", "0123456789abcdef0123456789abcdef"),
        ])
    }

    #[test]
    fn defaults_serve_a_local_run() {
        let config = Config::from_variables(&local()).unwrap();
        assert_eq!(config.app_name, "rollcall");
        assert_eq!(config.request_timeout, Duration::from_secs(28));
        assert_eq!(config.stats_cache, Duration::from_mins(1));
        assert_eq!(config.database.pool_size, 1);
        assert!(matches!(config.auth.mode, AuthMode::Jwt(_)));
    }

    #[test]
    fn a_malformed_number_is_refused_with_the_variable_the_range_and_the_value() {
        let error =
            Config::from_variables(&local().with("REQUEST_TIMEOUT_SECONDS", "soon")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "REQUEST_TIMEOUT_SECONDS must be a whole number from 1 to 900, but is \"soon\""
        );
        let error = Config::from_variables(&local().with("BULK_MAX_ROWS", "0")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "BULK_MAX_ROWS must be a whole number from 1 to 10000, but is \"0\""
        );
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let config = Config::from_variables(&local().with("BULK_MAX_ROWS", "")).unwrap();
        assert_eq!(config.bulk.max_rows, 10_000);
    }
}
