//! AWS Secrets Manager.

mod client;
mod database_secret;
mod json_secret;

use aws_sdk_secretsmanager::Client;
use lambda_http::BoxFuture;
use secrecy::SecretString;

pub use self::database_secret::DatabaseSecret;
pub(crate) use self::json_secret::{JsonSecret, Malformed};
use crate::error::Error;

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

    /// The string of a version of a secret.
    pub async fn fetch_stage(&self, arn: &str, stage: Stage) -> Result<SecretString, Error> {
        let request = self
            .client
            .get_secret_value()
            .secret_id(arn)
            .version_stage(match stage {
                Stage::Current => "AWSCURRENT",
                Stage::Pending => "AWSPENDING",
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
