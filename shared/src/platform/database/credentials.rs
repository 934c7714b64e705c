//! From configuration and secrets to a server and a user.

use secrecy::ExposeSecret;
use sqlx::{PgConnection, postgres::PgConnectOptions};

use super::{
    connect::{connect_options, parse_url},
    connector::{Connector, RotatingSecret},
    sqlstate,
};
use crate::platform::{
    config::{DatabaseConfig, DatabaseSource, Variables},
    secrets::{DatabaseSecret, Secrets, fetch},
    start_error::StartError,
};

/// A connection of its own for the migrations, which may take longer than any request. A deploy in the
/// middle of a rotation finds the right password as requests do.
pub async fn connect_for_migrations() -> Result<PgConnection, StartError> {
    let config = DatabaseConfig::for_migrations(&Variables::of_process())?;
    let secrets = Secrets::connect_if(matches!(config.source, DatabaseSource::Secret(_))).await?;
    let base = options(&config, secrets.as_ref()).await?;
    let options = connect_options(&config, base, "migrate");
    let connector = Connector::new(options, rotating_secret(&config, secrets));
    let connected = connector.connect().await;
    Ok(connected.map_err(sqlstate::unavailable)?)
}

/// Where the database is and who asks, from the URL or from the secret.
pub(in crate::platform) async fn options(
    config: &DatabaseConfig,
    secrets: Option<&Secrets>,
) -> Result<PgConnectOptions, StartError> {
    match &config.source {
        DatabaseSource::Url(url) => Ok(parse_url("DATABASE_URL", url.expose_secret())?),
        DatabaseSource::Secret(arn) => {
            let variable = "DATABASE_SECRET_ARN";
            let text = fetch(secrets, variable, arn).await?;
            let secret = DatabaseSecret::parse(&text, &config.address)
                .map_err(|source| StartError::Secret { variable, source })?;
            Ok(secret.apply(PgConnectOptions::new_without_pgpass()))
        }
    }
}

/// The secret that credentials came from, if they may change.
pub(in crate::platform) fn rotating_secret(
    config: &DatabaseConfig,
    secrets: Option<Secrets>,
) -> Option<RotatingSecret> {
    match &config.source {
        DatabaseSource::Url(_) => None,
        DatabaseSource::Secret(arn) => Some(RotatingSecret {
            secrets: secrets?,
            arn: arn.clone(),
            address: config.address.clone(),
        }),
    }
}
