//! AWS Secrets Manager.

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;

use crate::error::Error;

/// A client for Secrets Manager.
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
}

/// A database secret in the format that RDS writes and rotates. Where RDS keeps the password of its
/// own user, the secret holds nothing but that user.
#[derive(Deserialize)]
struct DatabaseSecret {
    username: String,
    password: String,
    host: Option<String>,
    port: Option<u16>,
    dbname: Option<String>,
    engine: Option<String>,
}

impl Secrets {
    /// Makes a client if one is `needed`. Region, credentials and endpoint come from where every AWS
    /// SDK reads them.
    pub async fn connect_if(needed: bool) -> Option<Self> {
        if !needed {
            return None;
        }
        // One TLS library in the whole binary: ring, which the database connection uses too.
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let sdk_config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client)
            .load()
            .await;
        Some(Self {
            client: aws_sdk_secretsmanager::Client::new(&sdk_config),
        })
    }

    /// The current string of a secret.
    pub async fn fetch(&self, arn: &str) -> Result<SecretString, Error> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(arn)
            .send()
            .await
            .map_err(|error| Error::internal("fetching a secret", error.into_service_error()))?;
        answer
            .secret_string
            .map(SecretString::from)
            .ok_or_else(|| Error::internal("fetching a secret", "it holds bytes, not a string"))
    }
}

/// Host and credentials from the text of a database secret. `host` and `name` go before what it says.
pub fn parse_database_secret(
    secret: &SecretString,
    host: Option<&str>,
    name: Option<&str>,
) -> Result<PgConnectOptions, Error> {
    // A JSON error names a position and a field, never a value of ours.
    let secret: DatabaseSecret = serde_json::from_str(secret.expose_secret())
        .map_err(|error| Error::internal("reading the database secret", error))?;
    if let Some(engine) = secret.engine.filter(|engine| !engine.contains("postgres")) {
        return Err(Error::internal(
            "reading the database secret",
            format!("its engine is {engine:?}, but only PostgreSQL is supported"),
        ));
    }
    let host = host.or(secret.host.as_deref()).ok_or_else(|| {
        Error::internal(
            "reading the database secret",
            "it names no host: set DATABASE_HOST",
        )
    })?;
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(host)
        .port(secret.port.unwrap_or(5432))
        .username(&secret.username)
        .password(&secret.password);
    if let Some(name) = name.or(secret.dbname.as_deref()) {
        options = options.database(name);
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_rds_is_understood() {
        let secret = r#"{"username":"app","password":"pw","engine":"postgres","host":"db.internal",
                         "port":6543,"dbname":"accounts","dbInstanceIdentifier":"db-1"}"#;
        let options = parse_database_secret(&secret.to_owned().into(), None, None).unwrap();
        assert_eq!(options.get_host(), "db.internal");
        assert_eq!(options.get_port(), 6543);
        assert_eq!(options.get_username(), "app");
        assert_eq!(options.get_database(), Some("accounts"));
    }

    #[test]
    fn a_secret_that_rds_keeps_for_itself_needs_a_host_from_elsewhere() {
        let secret: SecretString = r#"{"username":"app","password":"pw"}"#.to_owned().into();
        let options =
            parse_database_secret(&secret, Some("proxy.internal"), Some("accounts")).unwrap();
        assert_eq!(options.get_host(), "proxy.internal");
        assert_eq!(options.get_database(), Some("accounts"));
        let error = parse_database_secret(&secret, None, None).unwrap_err();
        assert!(crate::error::chain(&error).contains("DATABASE_HOST"));
    }

    #[test]
    fn a_secret_of_another_engine_is_refused() {
        let secret = r#"{"username":"a","password":"p","host":"h","engine":"mysql"}"#;
        let error = parse_database_secret(&secret.to_owned().into(), None, None).unwrap_err();
        assert!(matches!(error, Error::Internal { .. }));
    }

    #[test]
    fn a_malformed_secret_is_not_quoted_in_the_error() {
        let secret = r#"{"username":"app","password":"hunter2""#;
        let error = parse_database_secret(&secret.to_owned().into(), None, None).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
