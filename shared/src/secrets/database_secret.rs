//! Database secrets in the format that RDS writes and rotates.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;

use crate::error::Error;

const OPERATION: &str = "reading the database secret";

/// Where a database is, and who may use it. Where RDS keeps the password of its own user, the secret
/// holds nothing but that user.
#[derive(Deserialize)]
pub struct DatabaseSecret {
    username: String,
    password: String,
    host: Option<String>,
    port: Option<u16>,
    dbname: Option<String>,
    engine: Option<String>,
}

impl DatabaseSecret {
    /// Reads a secret's text. The error never quotes it. `host` and `name` go before what it says.
    pub fn parse(
        text: &SecretString,
        host: Option<&str>,
        name: Option<&str>,
    ) -> Result<Self, Error> {
        // A JSON error names a position and a field, never a value of ours.
        let mut secret: Self = serde_json::from_str(text.expose_secret())
            .map_err(|error| Error::internal(OPERATION, error))?;
        if let Some(engine) = secret
            .engine
            .as_ref()
            .filter(|engine| !engine.contains("postgres"))
        {
            return Err(Error::internal(
                OPERATION,
                format!("its engine is {engine:?}, but only PostgreSQL is supported"),
            ));
        }
        secret.host = host.map(str::to_owned).or(secret.host);
        secret.dbname = name.map(str::to_owned).or(secret.dbname);
        if secret.host.is_none() {
            return Err(Error::internal(
                OPERATION,
                "it names no host: set DATABASE_HOST",
            ));
        }
        Ok(secret)
    }

    /// Options with everything that the secret says.
    #[must_use]
    pub fn apply(&self, options: PgConnectOptions) -> PgConnectOptions {
        let mut options = options
            .port(self.port.unwrap_or(5432))
            .username(&self.username)
            .password(&self.password);
        if let Some(host) = &self.host {
            options = options.host(host);
        }
        if let Some(name) = &self.dbname {
            options = options.database(name);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_rds_is_understood() {
        let secret = r#"{"username":"app","password":"pw","engine":"postgres","host":"db.internal",
                         "port":6543,"dbname":"accounts","dbInstanceIdentifier":"db-1"}"#;
        let options = DatabaseSecret::parse(&secret.to_owned().into(), None, None)
            .unwrap()
            .apply(PgConnectOptions::new_without_pgpass());
        assert_eq!(options.get_host(), "db.internal");
        assert_eq!(options.get_port(), 6543);
        assert_eq!(options.get_username(), "app");
        assert_eq!(options.get_database(), Some("accounts"));
    }

    #[test]
    fn a_secret_that_rds_keeps_for_itself_needs_a_host_from_elsewhere() {
        let secret: SecretString = r#"{"username":"app","password":"pw"}"#.to_owned().into();
        let options = DatabaseSecret::parse(&secret, Some("proxy.internal"), Some("accounts"))
            .unwrap()
            .apply(PgConnectOptions::new_without_pgpass());
        assert_eq!(options.get_host(), "proxy.internal");
        assert_eq!(options.get_database(), Some("accounts"));
        let error = DatabaseSecret::parse(&secret, None, None).err().unwrap();
        assert!(crate::error::chain(&error).contains("DATABASE_HOST"));
    }

    #[test]
    fn a_secret_of_another_engine_is_refused() {
        let secret = r#"{"username":"a","password":"p","host":"h","engine":"mysql"}"#;
        let error = DatabaseSecret::parse(&secret.to_owned().into(), None, None)
            .err()
            .unwrap();
        assert!(matches!(error, Error::Internal { .. }));
    }

    #[test]
    fn a_malformed_secret_is_not_quoted_in_the_error() {
        let secret = r#"{"username":"app","password":"hunter2""#;
        let error = DatabaseSecret::parse(&secret.to_owned().into(), None, None)
            .err()
            .unwrap();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
