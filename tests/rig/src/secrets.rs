//! Puts secrets into the Secrets Manager stand-in, over its plain JSON protocol.

use anyhow::Context;
use serde_json::{Value, json};

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
        json!({ "Name": name, "SecretString": value }),
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
        json!({ "SecretId": arn, "SecretString": value }),
    )
    .await?;
    Ok(())
}

/// Gives a secret a version that is not in force yet, as a rotation does in its first steps.
pub async fn prepare_rotation(arn: &str, value: &str) -> anyhow::Result<()> {
    request(
        "PutSecretValue",
        json!({ "SecretId": arn, "SecretString": value, "VersionStages": ["AWSPENDING"] }),
    )
    .await?;
    Ok(())
}

async fn request(action: &'static str, body: Value) -> anyhow::Result<Value> {
    let endpoint = test_servers::secrets_endpoint()?;
    let send = move || {
        let answer = ureq::post(endpoint)
            .config()
            .proxy(None)
            .build()
            .content_type("application/x-amz-json-1.1")
            .header("X-Amz-Target", format!("secretsmanager.{action}"))
            // The stand-in reads the service from the signature and does not check it.
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/secretsmanager/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .send(body.to_string())
            .with_context(|| format!("{action} failed"))?;
        Ok(serde_json::from_reader(answer.into_body().into_reader())?)
    };
    tokio::task::spawn_blocking(send).await?
}
