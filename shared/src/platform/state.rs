//! What an execution environment keeps from its start to its end.

use std::{sync::Arc, time::Duration};

use lambda_http::BoxFuture;
use tokio::time::timeout;

use crate::platform::{
    auth::{self, Authenticator, FindRights, KeySource},
    config::{AuthMode, Config, JwtKeySource},
    database::{self, Database},
    error::chain,
    limiter::RateLimiter,
    metrics,
    refusals::{NoteForbidden, Refusals},
    secrets::{Secrets, fetch},
    start_error::StartError,
    valkey::Valkey,
};

/// Lambda ends a start after ten seconds, and requests may wait longer for a database that wakes up.
const WARM_UP_TIMEOUT: Duration = Duration::from_secs(4);

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
    pub(super) refusals: Arc<Refusals>,
}

/// What the store does for the platform, which does not know the tables.
#[derive(Clone, Copy)]
pub struct StoreQueries {
    /// Looks up what a caller may do.
    pub find_rights: FindRights,
    /// Notes that a caller may not do something.
    pub note_forbidden: NoteForbidden,
}

impl State {
    /// Reads the environment, fetches secrets side by side, and opens the first connection.
    ///
    /// `function` names the function in the server's list of connections. A database that cannot be
    /// reached is not a reason to fail: the environment starts, and requests get a 503 until it can.
    /// A missing secret is one, because nothing can work without it.
    pub async fn start(function: &str, queries: StoreQueries) -> Result<Self, StartError> {
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
            database::options(&config.database, secrets.as_ref()),
            authenticator(&config, secrets.as_ref(), queries.find_rights),
        )?;
        let state = Self {
            database: Database::start(
                &config.database,
                base,
                database::credentials(&config.database, secrets)?,
                function,
            )?,
            authenticator: Arc::new(authenticator),
            limiter: limiter(&config, valkey.as_ref()),
            valkey,
            refusals: Arc::new(Refusals::new(queries.note_forbidden)),
            config: Arc::new(config),
        };
        match timeout(WARM_UP_TIMEOUT, state.database.warm_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "no database connection yet");
            }
            Err(_) => tracing::warn!("no database connection in time for the start"),
        }
        Ok(state)
    }
}

fn limiter(config: &Config, valkey: Option<&Valkey>) -> Option<RateLimiter> {
    let limit = config.valkey.as_ref()?.rate_limit?;
    Some(RateLimiter::new(valkey?.clone(), limit))
}

async fn authenticator(
    config: &Config,
    secrets: Option<&Secrets>,
    find_rights: FindRights,
) -> Result<Authenticator, StartError> {
    let jwt = match &config.auth.mode {
        AuthMode::Gateway => return Ok(Authenticator::trusting_gateway(&config.auth, find_rights)),
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
    Ok(Authenticator::verifying_tokens(
        &config.auth,
        jwt,
        source,
        find_rights,
    )?)
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
