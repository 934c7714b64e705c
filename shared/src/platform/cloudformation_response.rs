//! Documents put to URLs that somebody else has signed, as CloudFormation wants its answers.

use std::time::Duration;

use aws_smithy_http_client::{
    Connector,
    tls::{self, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{http::HttpConnector, orchestrator::HttpRequest};
use aws_smithy_types::body::SdkBody;

use crate::platform::error::{Error, chain};

/// S3 takes a document in milliseconds. A network without a route to S3 drops the request instead.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

const OPERATION: &str = "answering CloudFormation";

/// Puts a document to a URL, and tries again if that fails.
///
/// The URL is a credential: it appears in no error and no log. No content type is sent, because a
/// signature over one would have to be known.
pub async fn put(url: &str, document: &str) -> Result<(), Error> {
    // The same TLS library as everywhere in the binary.
    let connector = Connector::builder()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .build();
    let mut attempt = 1;
    loop {
        match put_once(&connector, url, document).await {
            Err(error) if attempt < ATTEMPTS => {
                tracing::warn!(error = chain(&error), attempt, "the answer did not arrive");
                tokio::time::sleep(PAUSE * attempt).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn put_once(connector: &Connector, url: &str, document: &str) -> Result<(), Error> {
    let mut request = HttpRequest::new(SdkBody::from(document));
    request
        .set_method("PUT")
        .map_err(|error| Error::internal(OPERATION, error))?;
    // The error would quote the URL.
    request
        .set_uri(url)
        .map_err(|_| Error::internal(OPERATION, "the URL for the answer is malformed"))?;
    let response = tokio::time::timeout(ATTEMPT_TIMEOUT, connector.call(request))
        .await
        .map_err(|_| {
            Error::internal(
                OPERATION,
                "no reply in time: do the subnets have a way to S3?",
            )
        })?
        .map_err(|error| Error::internal(OPERATION, error))?;
    let status = response.status();
    if status.is_success() {
        Ok(())
    } else {
        Err(Error::internal(
            OPERATION,
            format!("the reply has status {}", status.as_u16()),
        ))
    }
}
