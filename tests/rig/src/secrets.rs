//! Puts secrets into the Secrets Manager stand-in, over its plain JSON protocol.

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::test_servers;

/// What a function needs in its environment to reach the stand-in.
pub fn client_environment() -> anyhow::Result<Vec<(String, String)>> {
    Ok([
        ("AWS_ENDPOINT_URL", test_servers::secrets_endpoint()?),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into())
}

/// Creates a secret and returns its ARN.
pub async fn create(name: &str, value: &str) -> anyhow::Result<String> {
    let answer = request(
        "CreateSecret",
        &json!({ "Name": name, "SecretString": value }),
    )
    .await?;
    answer["ARN"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no ARN in {answer}"))
}

/// Gives a secret a new current version, as a rotation does.
pub async fn rotate(arn: &str, value: &str) -> anyhow::Result<()> {
    request(
        "PutSecretValue",
        &json!({ "SecretId": arn, "SecretString": value }),
    )
    .await?;
    Ok(())
}

async fn request(action: &str, body: &Value) -> anyhow::Result<Value> {
    let endpoint = test_servers::secrets_endpoint()?;
    let host = endpoint
        .strip_prefix("http://")
        .with_context(|| format!("{endpoint} should be an http URL"))?
        .trim_end_matches('/');
    let stream = TcpStream::connect(host)
        .await
        .context("cannot reach Secrets Manager")?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = http::Request::post("/")
        .header("Host", host)
        .header("Content-Type", "application/x-amz-json-1.1")
        .header("X-Amz-Target", format!("secretsmanager.{action}"))
        // The stand-in reads the service from the signature and does not check it.
        .header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/secretsmanager/aws4_request, \
             SignedHeaders=host, Signature=0",
        )
        .body(Full::new(Bytes::from(body.to_string())))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let answer = response.into_body().collect().await?.to_bytes();
    ensure!(
        status.is_success(),
        "{action} failed with {status}: {}",
        String::from_utf8_lossy(&answer)
    );
    Ok(serde_json::from_slice(&answer)?)
}
