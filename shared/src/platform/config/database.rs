//! Variables about the database.

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;
use users_table::UsersMapping;

use super::variables::{ConfigError, Variables};

/// A new connection takes milliseconds when the server is well. A caller that has waited this long
/// for one is better served by a 503 that can be retried.
const DEFAULT_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The largest part of the request timeout that is kept back so that the server stops a statement
/// before the handler gives up on it.
const MAX_STATEMENT_MARGIN: Duration = Duration::from_millis(250);

/// Where the database is and how to talk to it.
#[derive(Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL` (local use), `DATABASE_IAM_USER` with `DATABASE_HOST`, or `DATABASE_SECRET_ARN`.
    pub source: DatabaseSource,
    /// What replaces the address in the secret.
    pub address: DatabaseAddress,
    /// `DATABASE_READ_HOST`, a name, or a name and a port: a replica that answers lists, searches, numbers and
    /// what callers may do, such as the reader endpoint of an Aurora cluster. The credentials are the same.
    pub read_host: Option<ReadHost>,
    /// `DATABASE_SSL_MODE`, named as in libpq: `disable`, `prefer`, `require`, `verify-ca` or
    /// `verify-full`. Default: `verify-full` with a secret, what the URL says with a URL.
    pub ssl_mode: Option<SslMode>,
    /// `DATABASE_SSL_ROOT_CERT`: path of a PEM file with the authorities that `verify-ca` and
    /// `verify-full` trust beside the public web's. Default with a secret: those of RDS.
    pub ssl_root_cert: Option<PathBuf>,
    /// `DATABASE_POOL_SIZE`, 1 to 100: connections of one execution environment. Default:
    /// `AWS_LAMBDA_MAX_CONCURRENCY`, which Lambda sets to the number of requests that it sends to
    /// one environment at the same time, else 1.
    pub pool_size: usize,
    /// `DATABASE_ACQUIRE_TIMEOUT_SECONDS`, 1 to 60: how long to wait for a free connection, and
    /// how long to wait for a new one to be made. Default 3.
    pub acquire_timeout: Duration,
    /// `DATABASE_POOLER`, `true` or `false`: whether a pooler in transaction mode (RDS Proxy,
    /// `PgBouncer`) stands between us and the server, so that nothing may be kept in a session.
    /// Default `false`.
    pub pooler: bool,
    /// The schema that comes before all others, where the users are in the table of another application.
    pub schema: Option<&'static str>,
    /// How long the server lets a statement run: the request timeout less a margin, or without
    /// bound.
    pub statement_timeout: Option<Duration>,
}

/// The name of a replica's host, and its port where that differs from the primary's.
pub type ReadHost = (String, Option<u16>);

/// Parts of an address that replace those of the secret, or that the secret does not have: the secrets
/// that RDS manages hold a user and a password only.
#[derive(Debug, Clone, Default)]
pub struct DatabaseAddress {
    /// `DATABASE_HOST`: the server, or a proxy before it.
    pub host: Option<String>,
    /// `DATABASE_PORT`, 1 to 65535. Default: the secret's `port`, else 5432.
    pub port: Option<u16>,
    /// `DATABASE_NAME`: the database.
    pub name: Option<String>,
}

/// How the connection parameters are given.
#[derive(Debug)]
pub enum DatabaseSource {
    /// A connection URL; it holds the password.
    Url(SecretString),
    /// The ARN or name of a secret in the format that RDS writes.
    Secret(String),
    /// A role that logs in with a token which the function's key of IAM signs.
    Iam(String),
}

/// How far TLS is required and verified, with libpq's meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Plain TCP.
    Disable,
    /// TLS if the server offers it, unverified.
    Prefer,
    /// TLS, unverified.
    Require,
    /// TLS with a certificate of a trusted authority.
    VerifyCa,
    /// TLS with a certificate of a trusted authority for this very host.
    VerifyFull,
}

impl DatabaseConfig {
    /// For migrations, whose statements take as long as they need.
    pub fn for_migrations(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            statement_timeout: None,
            ..Self::from_variables(variables, Duration::MAX)?
        })
    }

    pub(super) fn from_variables(
        variables: &Variables,
        request_timeout: Duration,
    ) -> Result<Self, ConfigError> {
        let url = variables.optional("DATABASE_URL");
        let user = variables.optional("DATABASE_IAM_USER");
        let secret = variables.optional("DATABASE_SECRET_ARN");
        let source = match (url, user, secret) {
            (Some(_), Some(_), _) => {
                return Err(ConfigError::new(
                    "DATABASE_URL",
                    "and DATABASE_IAM_USER are both set: unset one of them",
                ));
            }
            (Some(_), None, Some(_)) => {
                return Err(ConfigError::new(
                    "DATABASE_URL",
                    "and DATABASE_SECRET_ARN are both set: unset one of them",
                ));
            }
            (Some(url), None, None) => DatabaseSource::Url(url.into()),
            (None, Some(user), _) => DatabaseSource::Iam(user.to_owned()),
            (None, None, Some(arn)) => DatabaseSource::Secret(arn.to_owned()),
            (None, None, None) => {
                return Err(ConfigError::new(
                    "DATABASE_SECRET_ARN",
                    "is not set: give the secret's ARN, or DATABASE_URL for local use",
                ));
            }
        };
        let pool_size = match variables.whole_number("DATABASE_POOL_SIZE", 1..=100)? {
            Some(size) => size,
            None => variables.concurrency()?,
        };
        let ssl_mode = variables.one_of(
            "DATABASE_SSL_MODE",
            &[
                ("disable", SslMode::Disable),
                ("prefer", SslMode::Prefer),
                ("require", SslMode::Require),
                ("verify-ca", SslMode::VerifyCa),
                ("verify-full", SslMode::VerifyFull),
            ],
        )?;
        let ssl_mode = match source {
            DatabaseSource::Url(_) => ssl_mode,
            _ => Some(ssl_mode.unwrap_or(SslMode::VerifyFull)),
        };
        if user.is_some() && variables.optional("DATABASE_HOST").is_none() {
            return Err(ConfigError::new(
                "DATABASE_HOST",
                "is not set, which DATABASE_IAM_USER needs",
            ));
        }
        let margin = MAX_STATEMENT_MARGIN.min(request_timeout / 10);
        Ok(Self {
            source,
            address: DatabaseAddress {
                host: variables.optional("DATABASE_HOST").map(str::to_owned),
                port: variables.whole_number("DATABASE_PORT", 1..=u16::MAX)?,
                name: variables.optional("DATABASE_NAME").map(str::to_owned),
            },
            read_host: read_host(variables)?,
            ssl_mode,
            ssl_root_cert: variables
                .optional("DATABASE_SSL_ROOT_CERT")
                .map(PathBuf::from),
            pool_size,
            acquire_timeout: variables
                .whole_number("DATABASE_ACQUIRE_TIMEOUT_SECONDS", 1..=60)?
                .map_or(DEFAULT_ACQUIRE_TIMEOUT, Duration::from_secs),
            pooler: variables
                .one_of("DATABASE_POOLER", &[("true", true), ("false", false)])?
                .unwrap_or(false),
            schema: super::users_table::read(variables)?
                .mapping()
                .map(|_| UsersMapping::SCHEMA),
            statement_timeout: Some(request_timeout.saturating_sub(margin)),
        })
    }
}

fn read_host(variables: &Variables) -> Result<Option<ReadHost>, ConfigError> {
    let variable = "DATABASE_READ_HOST";
    let Some(text) = variables.optional(variable) else {
        return Ok(None);
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok().filter(|&port| port > 0).map(Some)),
        None => (text, Some(None)),
    };
    match port {
        Some(port) if !host.is_empty() && !host.contains([':', '/', '@']) => {
            Ok(Some((host.to_owned(), port)))
        }
        _ => Err(ConfigError::new(
            variable,
            format!(
                "must be the name of a host, or a name and a port as in db:5432, but is {text:?}"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(28);

    #[test]
    fn one_source_of_the_connection_must_be_given() {
        let error = DatabaseConfig::from_variables(&Variables::from([]), TIMEOUT).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("DATABASE_SECRET_ARN is not set"),
            "{error}"
        );
        let both = Variables::from([
            ("DATABASE_URL", "postgres://x"),
            ("DATABASE_SECRET_ARN", "arn"),
        ]);
        let error = DatabaseConfig::from_variables(&both, TIMEOUT).unwrap_err();
        assert!(error.to_string().contains("both set"), "{error}");
    }

    #[test]
    fn a_role_of_iam_goes_before_the_secret_and_needs_a_host() {
        let alone = Variables::from([
            ("DATABASE_IAM_USER", "rollcall_app"),
            ("DATABASE_SECRET_ARN", "arn"),
        ]);
        let error = DatabaseConfig::from_variables(&alone, TIMEOUT).unwrap_err();
        assert!(error.to_string().starts_with("DATABASE_HOST"), "{error}");
        let whole = alone.with("DATABASE_HOST", "proxy.internal");
        let config = DatabaseConfig::from_variables(&whole, TIMEOUT).unwrap();
        assert!(matches!(config.source, DatabaseSource::Iam(user) if user == "rollcall_app"));
        assert_eq!(config.ssl_mode, Some(SslMode::VerifyFull));
        let both = whole.with("DATABASE_URL", "postgres://x");
        assert!(DatabaseConfig::from_variables(&both, TIMEOUT).is_err());
    }

    #[test]
    fn the_pool_follows_the_concurrency_of_the_environment_unless_it_is_set() {
        let managed = Variables::from([
            ("DATABASE_URL", "postgres://x"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "8"),
        ]);
        let config = DatabaseConfig::from_variables(&managed, TIMEOUT).unwrap();
        assert_eq!(config.pool_size, 8);
        let set = managed.with("DATABASE_POOL_SIZE", "3");
        assert_eq!(
            DatabaseConfig::from_variables(&set, TIMEOUT)
                .unwrap()
                .pool_size,
            3
        );
    }

    #[test]
    fn a_replica_is_a_host_with_or_without_a_port() {
        let url = Variables::from([("DATABASE_URL", "postgres://x")]);
        let read = |host| {
            let variables = url.clone().with("DATABASE_READ_HOST", host);
            DatabaseConfig::from_variables(&variables, TIMEOUT)
        };
        let reader = |host| read(host).unwrap().read_host;
        assert_eq!(reader("db.ro"), Some(("db.ro".to_owned(), None)));
        assert_eq!(reader("db.ro:6432"), Some(("db.ro".to_owned(), Some(6432))));
        assert_eq!(reader(""), None);
        for host in [
            "postgres://db",
            "db:",
            "db:0",
            "db:70000",
            ":5432",
            "app@db",
        ] {
            let error = read(host).unwrap_err().to_string();
            assert!(error.starts_with("DATABASE_READ_HOST must be"), "{error}");
        }
    }

    #[test]
    fn the_url_is_not_shown_by_debug() {
        let variables = Variables::from([("DATABASE_URL", "postgres://app:hunter2@db/app")]);
        let config = DatabaseConfig::from_variables(&variables, TIMEOUT).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn the_server_stops_a_statement_before_the_handler_gives_up() {
        let variables = Variables::from([("DATABASE_URL", "postgres://x")]);
        for seconds in [1, 28, 900] {
            let timeout = Duration::from_secs(seconds);
            let config = DatabaseConfig::from_variables(&variables, timeout).unwrap();
            assert!(config.statement_timeout.unwrap() < timeout);
        }
    }
}
