//! What a cold start meets: Secrets Manager over https, and PostgreSQL with TLS and SCRAM.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use servers::places::workspace_root;
use servers::{Authority, Moto, Postgres, PostgresOptions};
use tempfile::TempDir;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::fixture;
use crate::program::signing_key;

/// Variables of one function.
pub type Environment = Vec<(String, String)>;

/// Running servers, and what functions must know of them.
pub struct Deployment {
    pub postgres: Postgres,
    pub environment: Environment,
    _moto: Moto,
    _folder: TempDir,
}

impl Deployment {
    pub async fn start() -> Result<Self> {
        let authority = Authority::new()?;
        let postgres = Postgres::start(&PostgresOptions::temporary().with_tls(&authority)?)?;
        fixture::dataset(&postgres, "bench", 1_000).await?;
        let moto = Moto::start_with_tls(&authority)?;
        let endpoint = moto.endpoint();
        let roots = [Certificate::from_pem(authority.pem().as_bytes())?];
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .build();
        let agent = Agent::config_builder().tls_config(tls).build().new_agent();
        let database = json!({
            "username": "postgres",
            "password": postgres.password(),
            "host": "127.0.0.1",
            "port": postgres.port(),
            "dbname": "bench",
            "engine": "postgres",
        });
        let database = create_secret(&agent, &endpoint, "database", &database.to_string())?;
        let jwt = create_secret(&agent, &endpoint, "jwt", &signing_key().verification_key())?;
        let folder = tempfile::tempdir()?;
        let path = |file| folder.path().join(file).display().to_string();
        let [web_roots, database_roots] = [path("web.pem"), path("database.pem")];
        fs::write(&web_roots, authority.pem())?;
        // As many of RDS as a function tries.
        let rds = fs::read_to_string(workspace_root().join("shared/certs/rds.pem"))?;
        let region = rds
            .split_inclusive("-----END CERTIFICATE-----\n")
            .take(3)
            .collect::<String>();
        fs::write(&database_roots, format!("{region}\n{}", authority.pem()))?;
        let environment = owned(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_SESSION_TOKEN", "test"),
            ("AWS_ENDPOINT_URL", &endpoint),
            ("SSL_CERT_FILE", &web_roots),
            ("DATABASE_SECRET_ARN", &database),
            ("DATABASE_SSL_ROOT_CERT", &database_roots),
            ("JWT_SECRET_ARN", &jwt),
        ]);
        Ok(Self {
            postgres,
            environment,
            _moto: moto,
            _folder: folder,
        })
    }
}

/// Everything configured by hand and a database that nobody connects to, so that a start asks nobody.
pub fn alone() -> Environment {
    let key = signing_key().verification_key();
    owned(&[
        ("DATABASE_URL", "postgres://app:app@127.0.0.1:1/app"),
        ("JWT_KEY", &key),
    ])
}

fn owned(variables: &[(&str, &str)]) -> Environment {
    variables
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Creates a secret and gives its ARN.
fn create_secret(agent: &Agent, endpoint: &str, name: &str, value: &str) -> Result<String> {
    // moto reads the service from the signature and does not check it.
    let signature = "AWS4-HMAC-SHA256 \
        Credential=test/20260101/eu-central-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0";
    let request = agent
        .post(endpoint)
        .header("Content-Type", "application/x-amz-json-1.1");
    let request = request.header("X-Amz-Target", "secretsmanager.CreateSecret");
    let request = request.header("Authorization", signature);
    let answer = request.send(json!({ "Name": name, "SecretString": value }).to_string())?;
    let answer: Value = serde_json::from_str(&answer.into_body().read_to_string()?)?;
    answer["ARN"]
        .as_str()
        .map(str::to_owned)
        .context("moto gave no ARN")
}
