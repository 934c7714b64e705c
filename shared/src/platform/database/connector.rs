//! Opens connections, with new credentials when the server refuses the old ones.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::sync::Mutex;

use super::{iam_user::IamUser, sqlstate};
use crate::platform::{
    config::{DatabaseAddress, ReadHost},
    error::{Error, Reason, chain},
    secrets::{DatabaseSecret, Secrets, Stage},
};

/// The secret that credentials came from.
#[derive(Clone)]
pub struct RotatingSecret {
    /// Where it is kept.
    pub secrets: Secrets,
    /// Its ARN or name.
    pub arn: String,
    /// What replaces its address.
    pub address: DatabaseAddress,
}

impl RotatingSecret {
    /// The same credentials for a replica.
    pub(super) fn at_replica(mut self, (name, port): &ReadHost) -> Self {
        self.address.host = Some(name.clone());
        self.address.port = port.or(self.address.port);
        self
    }

    async fn fetch(&self, stage: Stage) -> Result<DatabaseSecret, Error> {
        let text = self.secrets.fetch_stage(&self.arn, stage).await?;
        DatabaseSecret::parse(&text, &self.address)
    }
}

/// Where a role's proof comes from, if it changes.
#[derive(Clone)]
pub enum Credentials {
    /// A secret with a password.
    Secret(RotatingSecret),
    /// A key of IAM, which signs a token for each connection.
    Iam(IamUser),
}

impl Credentials {
    /// The same for a replica. A token names the host of each connection anyway.
    pub(super) fn at_replica(self, host: &ReadHost) -> Self {
        match self {
            Self::Secret(secret) => Self::Secret(secret.at_replica(host)),
            Self::Iam(user) => Self::Iam(user),
        }
    }
}

/// Opens connections.
pub(super) struct Connector {
    latest: RwLock<Arc<PgConnectOptions>>,
    credentials: Option<Credentials>,
    renewing: Mutex<()>,
}

impl Connector {
    pub(super) fn new(options: PgConnectOptions, credentials: Option<Credentials>) -> Self {
        Self {
            latest: RwLock::new(Arc::new(options)),
            credentials,
            renewing: Mutex::new(()),
        }
    }

    /// Opens a connection. Credentials that were rotated meanwhile are fetched again, once for all
    /// who wait.
    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let used = self.latest();
        if let Some(Credentials::Iam(user)) = &self.credentials {
            return connect_with_token(&used, user).await;
        }
        match PgConnection::connect_with(&used).await {
            Err(refused) if is_refusal(&refused) => self.connect_anew(&used, refused).await,
            outcome => outcome,
        }
    }

    async fn connect_anew(
        &self,
        used: &Arc<PgConnectOptions>,
        refused: sqlx::Error,
    ) -> Result<PgConnection, sqlx::Error> {
        let Some(Credentials::Secret(secret)) = &self.credentials else {
            return Err(refused);
        };
        let _alone = self.renewing.lock().await;
        let latest = self.latest();
        if !Arc::ptr_eq(&latest, used) {
            return PgConnection::connect_with(&latest).await;
        }
        // A rotation tells the server the new password first and makes it current afterwards: between
        // the two, the pending one is right. A proxy learns of the new one later: until then, the
        // previous one is right there.
        for stage in [Stage::Current, Stage::Pending, Stage::Previous] {
            let secret = match secret.fetch(stage).await {
                Ok(secret) => secret,
                Err(error) => {
                    tracing::warn!(?stage, error = chain(&error), "no new credentials here");
                    continue;
                }
            };
            let options = secret.apply((**used).clone());
            match PgConnection::connect_with(&options).await {
                Err(error) if is_refusal(&error) => {}
                Err(error) => return Err(error),
                Ok(connection) => {
                    tracing::info!(?stage, "the database's credentials were rotated");
                    *self.latest.write().unwrap_or_else(PoisonError::into_inner) =
                        Arc::new(options);
                    return Ok(connection);
                }
            }
        }
        Err(refused)
    }

    fn latest(&self) -> Arc<PgConnectOptions> {
        Arc::clone(&self.latest.read().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn connect_with_token(
    options: &PgConnectOptions,
    user: &IamUser,
) -> Result<PgConnection, sqlx::Error> {
    let token = user.token(options.get_host(), options.get_port(), SystemTime::now());
    let token = token.map_err(|error| sqlx::Error::Configuration(error.into()))?;
    PgConnection::connect_with(&options.clone().password(&token)).await
}

fn is_refusal(error: &sqlx::Error) -> bool {
    sqlstate::unavailable_reason(error) == Some(Reason::AuthenticationFailed)
}
