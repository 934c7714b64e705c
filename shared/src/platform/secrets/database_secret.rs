//! Database secrets in the format that RDS writes and rotates.

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;

use super::json_secret::{JsonSecret, Malformed};
use crate::platform::{config::DatabaseAddress, error::Error};

const OPERATION: &str = "reading the database secret";

/// Where a database is, and who may use it. Where RDS keeps the password of its own user, the secret
/// holds nothing but that user.
pub struct DatabaseSecret {
    username: String,
    password: String,
    host: Option<String>,
    port: Option<u16>,
    dbname: Option<String>,
    engine: Option<String>,
}

impl DatabaseSecret {
    /// Reads a secret's text. The error never quotes it. `address` replaces what it says.
    pub fn parse(text: &SecretString, address: &DatabaseAddress) -> Result<Self, Error> {
        let mut secret =
            Self::read(text).map_err(|malformed| Error::internal(OPERATION, malformed))?;
        if let Some(engine) = &secret.engine
            && !engine.contains("postgres")
        {
            return Err(Error::internal(
                OPERATION,
                "its engine is not PostgreSQL, which is the only one that is supported",
            ));
        }
        secret.host = address.host.clone().or(secret.host);
        secret.port = address.port.or(secret.port);
        secret.dbname = address.name.clone().or(secret.dbname);
        if secret.host.is_none() {
            return Err(Error::internal(
                OPERATION,
                "it names no host: set DATABASE_HOST, in the template DatabaseHost and \
                 DatabaseMigrationHost",
            ));
        }
        Ok(secret)
    }

    fn read(text: &SecretString) -> Result<Self, Malformed> {
        let secret = JsonSecret::parse(text)?;
        Ok(Self {
            username: secret.text("username")?,
            password: secret.text("password")?,
            host: secret.optional_text("host")?,
            port: secret.optional_port("port")?,
            dbname: secret.optional_text("dbname")?,
            engine: secret.optional_text("engine")?,
        })
    }

    /// Who may use it.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password of that role.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
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
        let options = DatabaseSecret::parse(&secret.to_owned().into(), &DatabaseAddress::default())
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
        let address = DatabaseAddress {
            host: Some("proxy.internal".to_owned()),
            port: Some(6432),
            name: Some("accounts".to_owned()),
        };
        let options = DatabaseSecret::parse(&secret, &address)
            .unwrap()
            .apply(PgConnectOptions::new_without_pgpass());
        assert_eq!(options.get_host(), "proxy.internal");
        assert_eq!(options.get_port(), 6432);
        assert_eq!(options.get_database(), Some("accounts"));
        let error = DatabaseSecret::parse(&secret, &DatabaseAddress::default())
            .err()
            .unwrap();
        assert!(crate::platform::error::chain(&error).contains("DATABASE_HOST"));
    }

    #[test]
    fn a_secret_of_another_engine_is_refused() {
        let secret = r#"{"username":"a","password":"p","host":"h","engine":"mysql"}"#;
        let error = DatabaseSecret::parse(&secret.to_owned().into(), &DatabaseAddress::default())
            .err()
            .unwrap();
        assert!(!crate::platform::error::chain(&error).contains("mysql"));
    }
}
