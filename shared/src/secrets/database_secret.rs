//! Database secrets in the format that RDS writes and rotates.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;

use crate::error::Error;

/// Where a database is, and who may use it.
#[derive(Deserialize)]
pub struct DatabaseSecret {
    username: String,
    password: String,
    host: String,
    port: Option<u16>,
    dbname: Option<String>,
    engine: Option<String>,
}

impl DatabaseSecret {
    /// Reads a secret's text. The error never quotes it.
    pub fn parse(text: &SecretString) -> Result<Self, Error> {
        // A JSON error names a position and a field, never a value of ours.
        let secret: Self = serde_json::from_str(text.expose_secret())
            .map_err(|error| Error::internal("reading the database secret", error))?;
        match &secret.engine {
            Some(engine) if !engine.contains("postgres") => Err(Error::internal(
                "reading the database secret",
                format!("its engine is {engine:?}, but only PostgreSQL is supported"),
            )),
            _ => Ok(secret),
        }
    }

    /// Options with everything that the secret says.
    #[must_use]
    pub fn apply(&self, options: PgConnectOptions) -> PgConnectOptions {
        let options = options
            .host(&self.host)
            .port(self.port.unwrap_or(5432))
            .username(&self.username)
            .password(&self.password);
        match &self.dbname {
            Some(name) => options.database(name),
            None => options,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_rds_is_understood() {
        let secret = r#"{"username":"app","password":"pw","engine":"postgres","host":"db.internal",
                         "port":6543,"dbname":"accounts","dbInstanceIdentifier":"db-1"}"#;
        let options = DatabaseSecret::parse(&secret.to_owned().into())
            .unwrap()
            .apply(PgConnectOptions::new_without_pgpass());
        assert_eq!(options.get_host(), "db.internal");
        assert_eq!(options.get_port(), 6543);
        assert_eq!(options.get_username(), "app");
        assert_eq!(options.get_database(), Some("accounts"));
    }

    #[test]
    fn a_secret_of_another_engine_is_refused() {
        let secret = r#"{"username":"a","password":"p","host":"h","engine":"mysql"}"#;
        let error = DatabaseSecret::parse(&secret.to_owned().into())
            .err()
            .unwrap();
        assert!(matches!(error, Error::Internal { .. }));
    }

    #[test]
    fn a_malformed_secret_is_not_quoted_in_the_error() {
        let secret = r#"{"username":"app","password":"hunter2""#;
        let error = DatabaseSecret::parse(&secret.to_owned().into())
            .err()
            .unwrap();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
