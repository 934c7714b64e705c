//! AWS Secrets Manager.

mod client;
mod database_secret;
mod json_secret;

use aws_sdk_secretsmanager::{Client, operation::get_secret_value::GetSecretValueError};
use lambda_http::BoxFuture;
use secrecy::SecretString;

pub use self::database_secret::DatabaseSecret;
pub(crate) use self::json_secret::{JsonSecret, Malformed};
use crate::platform::{error::Error, start_error::StartError};

/// A client for Secrets Manager.
#[derive(Clone)]
pub struct Secrets {
    client: Client,
}

/// Which version of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The one that is in force.
    Current,
    /// The one that a rotation is about to put in force.
    Pending,
    /// The one that was in force before, if the secret was ever changed.
    Previous,
}

/// The versions of a secret that a rotation leaves in use.
pub struct Versions {
    /// The one that is in force.
    pub current: SecretString,
    /// The one before it.
    pub previous: Option<SecretString>,
}

impl Secrets {
    /// Makes a client if one is `needed`. Region, credentials and endpoint come from where every AWS
    /// SDK reads them.
    pub async fn connect_if(needed: bool) -> Result<Option<Self>, Error> {
        if !needed {
            return Ok(None);
        }
        let client = client::build().await?;
        Ok(Some(Self { client }))
    }

    /// The current string of a secret.
    pub async fn fetch(&self, arn: &str) -> Result<SecretString, Error> {
        self.fetch_stage(arn, Stage::Current).await
    }

    /// The current and the previous string of a secret, fetched side by side.
    pub async fn fetch_versions(&self, arn: &str) -> Result<Versions, Error> {
        let previous = async {
            match self.fetch_stage(arn, Stage::Previous).await {
                Err(error) if !is_failure(&error) => Ok(None),
                outcome => outcome.map(Some),
            }
        };
        let (current, previous) = tokio::try_join!(self.fetch(arn), previous)?;
        Ok(Versions { current, previous })
    }

    /// The string of a version of a secret.
    pub async fn fetch_stage(&self, arn: &str, stage: Stage) -> Result<SecretString, Error> {
        let request = self
            .client
            .get_secret_value()
            .secret_id(arn)
            .version_stage(match stage {
                Stage::Current => "AWSCURRENT",
                Stage::Pending => "AWSPENDING",
                Stage::Previous => "AWSPREVIOUS",
            });
        // The SDK's future is hundreds of types deep; boxed, it does not weigh on every caller's.
        let sent: BoxFuture<'_, _> = Box::pin(request.send());
        let answer = sent
            .await
            .map_err(|error| Error::internal("fetching a secret", error.into_service_error()))?;
        answer
            .secret_string
            .map(SecretString::from)
            .ok_or_else(|| Error::internal("fetching a secret", "it holds bytes, not a string"))
    }
}

/// The current string of the secret that `variable` names, for the start of an environment.
pub(crate) async fn fetch(
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

/// Whether Secrets Manager failed, and did not merely say that there is no such string.
fn is_failure(error: &Error) -> bool {
    let Error::Internal { source, .. } = error else {
        return false;
    };
    source
        .downcast_ref::<GetSecretValueError>()
        .is_some_and(|error| !error.is_resource_not_found_exception())
}
