//! From configuration and secrets to a server and a user.

use secrecy::ExposeSecret;
use sqlx::{PgConnection, postgres::PgConnectOptions};

use super::{
    connect::{connect_options, parse_url},
    connector::{Connector, Credentials, RotatingSecret},
    iam_user::IamUser,
    sqlstate,
};
use crate::platform::{
    config::{ConfigError, DatabaseConfig, DatabaseSource, Variables},
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
    let connector = Connector::new(options, credentials(&config, secrets)?);
    let connected = connector.connect().await;
    Ok(connected.map_err(sqlstate::unavailable)?)
}

/// The role that the functions of the API have and its password, where `APPLICATION_SECRET_ARN` names them:
/// whoever migrates makes that role.
pub async fn application_credentials() -> Result<Option<DatabaseSecret>, StartError> {
    let variables = Variables::of_process();
    let Some(arn) = variables.optional("APPLICATION_SECRET_ARN") else {
        return Ok(None);
    };
    let variable = "APPLICATION_SECRET_ARN";
    let config = DatabaseConfig::for_migrations(&variables)?;
    let secrets = Secrets::connect_if(true).await?;
    let text = fetch(secrets.as_ref(), variable, arn).await?;
    DatabaseSecret::parse(&text, &config.address)
        .map(Some)
        .map_err(|source| StartError::Secret { variable, source })
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
        DatabaseSource::Iam(user) => {
            let (address, base) = (&config.address, PgConnectOptions::new_without_pgpass());
            let mut options = base.username(user).port(address.port.unwrap_or(5432));
            if let Some(host) = &address.host {
                options = options.host(host);
            }
            if let Some(name) = &address.name {
                options = options.database(name);
            }
            Ok(options)
        }
    }
}

/// Where credentials come from, if they may change.
pub(in crate::platform) fn credentials(
    config: &DatabaseConfig,
    secrets: Option<Secrets>,
) -> Result<Option<Credentials>, ConfigError> {
    Ok(match &config.source {
        DatabaseSource::Url(_) => None,
        DatabaseSource::Secret(arn) => secrets.map(|secrets| {
            Credentials::Secret(RotatingSecret {
                secrets,
                arn: arn.clone(),
                address: config.address.clone(),
            })
        }),
        DatabaseSource::Iam(user) => {
            let user = IamUser::new(user, &Variables::of_process())?;
            Some(Credentials::Iam(user))
        }
    })
}
