//! What an execution environment keeps from its start to its end.

use std::{fmt, sync::Arc};

use lambda_http::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{PgConnection, postgres::PgConnectOptions};

use crate::platform::{
    auth::{self, Authenticator, KeySource},
    config::{
        AuthMode, Config, ConfigError, DatabaseConfig, DatabaseSource, JwtKeySource, Variables,
    },
    database::{self, Database, RotatingSecret, Unavailable, connect_options, parse_url},
    error::{Error, chain},
    limiter::RateLimiter,
    metrics,
    secrets::{DatabaseSecret, Secrets},
    valkey::Valkey,
};

/// Built once per environment, shared by all its requests.
#[derive(Clone)]
pub struct State {
    /// What the environment was told.
    pub config: Arc<Config>,
    /// The connections.
    pub database: Database,
    /// Who may call.
    pub authenticator: Arc<Authenticator>,
    /// The server that environments share, if there is one.
    pub valkey: Option<Valkey>,
    /// How often they may call, if that is limited.
    pub limiter: Option<RateLimiter>,
}

/// Why an environment could not start.
#[derive(thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret that a variable points to could not be had or read.
    #[error("{variable}: {}", chain(.source))]
    Secret {
        /// The variable that names the secret.
        variable: &'static str,
        /// Why.
        source: Error,
    },
    /// The database cannot be reached.
    #[error("the database cannot be reached: {}", chain(.0))]
    Database(#[from] Unavailable),
    /// Something else.
    #[error("{}", chain(.0))]
    Other(#[from] Error),
}

/// `main` returns this error, and Rust prints what `main` returns with `Debug`: a sentence here is a
/// sentence in the log.
impl fmt::Debug for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl State {
    /// Reads the environment, fetches secrets side by side, and opens the first connection.
    ///
    /// `function` names the function in the server's list of connections. A database that cannot be
    /// reached is no reason to fail: the environment starts, and requests get a 503 until it can.
    /// A missing secret is one, because nothing can work without it.
    pub async fn start(function: &str) -> Result<Self, StartError> {
        let config = Config::from_env()?;
        if config.metrics {
            metrics::start(config.function_name.as_deref().unwrap_or(function))?;
        }
        let secrets = Secrets::connect_if(config.names_secrets()).await?;
        // In the background: nothing waits for it, and nothing fails without it.
        let valkey = match &config.valkey {
            Some(valkey) => Some(Valkey::start(valkey, secrets.as_ref())?),
            None => None,
        };
        let (base, authenticator) = tokio::try_join!(
            database_options(&config.database, secrets.as_ref()),
            authenticator(&config, secrets.as_ref()),
        )?;
        let options = connect_options(&config.database, base, function);
        let state = Self {
            database: Database::new(&config.database, options, rotating_secret(&config, secrets))?,
            authenticator: Arc::new(authenticator),
            limiter: limiter(&config, valkey.as_ref()),
            valkey,
            config: Arc::new(config),
        };
        if let Err(error) = state.database.warm_up().await {
            tracing::warn!(error = chain(&error), "no database connection yet");
        }
        Ok(state)
    }
}

/// A connection of its own for the migrations, which may take longer than any request.
pub async fn connect_for_migrations() -> Result<PgConnection, StartError> {
    let config = DatabaseConfig::for_migrations(&Variables::of_process())?;
    let secrets = Secrets::connect_if(matches!(config.source, DatabaseSource::Secret(_))).await?;
    let base = database_options(&config, secrets.as_ref()).await?;
    let options = connect_options(&config, base, "migrate");
    Ok(database::connect_alone(&options).await?)
}

async fn database_options(
    config: &DatabaseConfig,
    secrets: Option<&Secrets>,
) -> Result<PgConnectOptions, StartError> {
    match &config.source {
        DatabaseSource::Url(url) => Ok(parse_url("DATABASE_URL", url.expose_secret())?),
        DatabaseSource::Secret(arn) => {
            let variable = "DATABASE_SECRET_ARN";
            let text = fetch(secrets, variable, arn).await?;
            let secret =
                DatabaseSecret::parse(&text, config.host.as_deref(), config.name.as_deref())
                    .map_err(|source| StartError::Secret { variable, source })?;
            Ok(secret.apply(PgConnectOptions::new_without_pgpass()))
        }
    }
}

fn rotating_secret(config: &Config, secrets: Option<Secrets>) -> Option<RotatingSecret> {
    match &config.database.source {
        DatabaseSource::Url(_) => None,
        DatabaseSource::Secret(arn) => Some(RotatingSecret {
            secrets: secrets?,
            arn: arn.clone(),
            host: config.database.host.clone(),
            name: config.database.name.clone(),
        }),
    }
}

fn limiter(config: &Config, valkey: Option<&Valkey>) -> Option<RateLimiter> {
    let limit = config.valkey.as_ref()?.rate_limit?;
    Some(RateLimiter::new(valkey?.clone(), limit))
}

async fn authenticator(
    config: &Config,
    secrets: Option<&Secrets>,
) -> Result<Authenticator, StartError> {
    let jwt = match &config.auth.mode {
        AuthMode::Gateway => return Ok(Authenticator::trusting_gateway(&config.auth)),
        AuthMode::Jwt(jwt) => jwt,
    };
    let source = match &jwt.key {
        JwtKeySource::Inline(key) => KeySource {
            key: key.clone(),
            variable: "JWT_KEY",
            fetch: None,
        },
        JwtKeySource::Secret(arn) => KeySource {
            key: fetch(secrets, "JWT_SECRET_ARN", arn).await?,
            variable: "JWT_SECRET_ARN",
            fetch: secrets.map(|secrets| fetch_versions(secrets.clone(), arn.clone())),
        },
    };
    Ok(Authenticator::verifying_tokens(&config.auth, jwt, source)?)
}

/// Fetches the key of tokens again after a rotation.
fn fetch_versions(secrets: Secrets, arn: String) -> auth::Fetch {
    let fetch = move || {
        let (secrets, arn) = (secrets.clone(), arn.clone());
        let fetched: BoxFuture<'static, _> =
            Box::pin(async move { secrets.fetch_versions(&arn).await });
        fetched
    };
    Box::new(fetch)
}

async fn fetch(
    secrets: Option<&Secrets>,
    variable: &'static str,
    arn: &str,
) -> Result<SecretString, StartError> {
    let fetched = match secrets {
        Some(secrets) => secrets.fetch(arn).await,
        None => Err(Error::internal("fetching a secret", "no client was made")),
    };
    fetched.map_err(|source| StartError::Secret { variable, source })
}
