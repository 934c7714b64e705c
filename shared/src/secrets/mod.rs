//! AWS Secrets Manager.

mod database_secret;

use std::time::Duration;

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use aws_sdk_secretsmanager::Client;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use lambda_http::BoxFuture;
use secrecy::SecretString;

pub use self::database_secret::DatabaseSecret;
use crate::error::Error;

/// An answer takes milliseconds; a second attempt is worth more than a longer wait.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Lambda ends a start after ten seconds without a word about the reason, so all attempts together end
/// before that.
const FETCH_TIMEOUT: Duration = Duration::from_secs(7);

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
    pub async fn connect_if(needed: bool) -> Option<Self> {
        if !needed {
            return None;
        }
        // One TLS library in the whole binary: ring, which the database connection uses too.
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let sdk_config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client)
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(FETCH_TIMEOUT)
                    .build(),
            )
            .load()
            .await;
        Some(Self {
            client: Client::new(&sdk_config),
        })
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
