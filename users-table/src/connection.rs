//! A connection for those who look after the schema, and not for requests.

use std::time::Duration;

use sqlx::{
    ConnectOptions as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::users_table::{UsersMapping, UsersTable};

/// A connection, for code that does not know the driver.
pub type Connection = PgConnection;

/// A server that has not answered by then is not there.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why there is no connection. The password is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL cannot be read.
    #[error("the URL of the database must look like postgres://user:password@host:5432/database")]
    Url,
    /// The server did not answer in time.
    #[error("no answer from {0} within {seconds} s", seconds = TIMEOUT.as_secs())]
    Timeout(String),
    /// The server, or the way to it, refused.
    #[error("no connection to {place}: {reason}")]
    Refused {
        /// Database, host and port.
        place: String,
        /// In the words of the server or of the system.
        reason: String,
    },
}

/// Connects as `migrate` does: what a mapping makes is looked for in the schema of rollcall first.
pub async fn connect(url: &str, users_table: &UsersTable) -> Result<Connection, ConnectError> {
    let mut options: PgConnectOptions = url.parse().map_err(|_| ConnectError::Url)?;
    options = options
        .application_name("rollcall")
        .disable_statement_logging();
    if users_table.mapping().is_some() {
        let search_path = format!("{},public", UsersMapping::SCHEMA);
        options = options.options([("search_path", search_path)]);
    }
    let place = format!(
        "database {} on {}:{}{}",
        options.get_database().unwrap_or("(default)"),
        options.get_host(),
        options.get_port(),
        match options.get_ssl_mode() {
            PgSslMode::Disable => " without TLS",
            _ => "",
        }
    );
    match tokio::time::timeout(TIMEOUT, options.connect()).await {
        Err(_) => Err(ConnectError::Timeout(place)),
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => {
            let reason = error
                .as_database_error()
                .map_or_else(|| error.to_string(), |error| error.message().to_owned());
            Err(ConnectError::Refused { place, reason })
        }
    }
}
