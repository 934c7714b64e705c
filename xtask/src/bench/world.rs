//! What a cold start meets: Secrets Manager over https, and PostgreSQL with TLS and SCRAM.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use rig::SigningKey;
use serde_json::{Value, json};
use servers::places::workspace_root;
use servers::{Authority, Moto, Postgres, PostgresOptions};
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::town;

/// Where a Linux system keeps the authorities that it trusts: Debian's place, then that of Amazon Linux.
const SYSTEM_AUTHORITIES: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// Both sides count the users. With this many, each way of counting takes about as long.
const USERS: u32 = 1_000;

/// What every AWS library of ours and of others finds in Lambda.
const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_SESSION_TOKEN", "test"),
];

/// Variables of one function.
pub(super) type Environment = Vec<(String, String)>;

/// Running servers, and what functions must know of them.
pub(super) struct World {
    postgres: Postgres,
    _moto: Moto,
    folder: TempDir,
    endpoint: String,
    database_secret: String,
    jwt_secret: String,
    key: SigningKey,
}

impl World {
    /// Starts the servers and fills them.
    pub(super) async fn build() -> Result<Self> {
        let authority = Authority::new()?;
        let postgres = Postgres::start(&PostgresOptions::temporary().with_tls(&authority)?)?;
        town::build(&postgres, USERS).await?;
        let moto = Moto::start_with_tls(&authority)?;
        let endpoint = moto.endpoint();
        let key = SigningKey::hs256("the-signing-secret-of-this-bench-0123456789");
        let secret = json!({
            "username": "postgres",
            "password": postgres.password(),
            "host": "127.0.0.1",
            "port": postgres.port(),
            "dbname": "bench",
            "engine": "postgres",
        });
        let store = Store::new(&endpoint, authority.pem())?;
        let database_secret = store.create("database", &secret.to_string())?;
        let jwt_secret = store.create("jwt", &key.verification_key())?;
        let folder = tempfile::tempdir()?;
        write_authorities(folder.path(), authority.pem())?;
        Ok(Self {
            postgres,
            _moto: moto,
            folder,
            endpoint,
            database_secret,
            jwt_secret,
            key,
        })
    }

    /// The major version of PostgreSQL.
    pub(super) fn postgres_major(&self) -> u32 {
        self.postgres.major()
    }

    /// A token of the superuser.
    pub(super) fn token(&self) -> Result<String> {
        self.key.token(1)
    }

    /// Everything configured by hand and no database to be reached, so that a start asks nobody.
    pub(super) fn alone(&self) -> Environment {
        own([
            ("DATABASE_URL", "postgres://app:app@127.0.0.1:1/app"),
            ("JWT_KEY", &self.key.verification_key()),
        ])
    }

    /// The functions as they are deployed. They carry the authorities of AWS and of RDS with them, which
    /// a private authority has to be told instead, beside as many of RDS as they would try.
    pub(super) fn ours(&self) -> Environment {
        let mut environment = self.deployed("rds-of-region.pem");
        environment.push(("SSL_CERT_FILE".to_owned(), self.file("authority.pem")));
        environment
    }

    /// What the defaults need: the system's authorities, and those of RDS in the one file that AWS offers.
    pub(super) fn defaults(&self) -> Environment {
        let mut environment = self.deployed("rds.pem");
        environment.push(("SSL_CERT_FILE".to_owned(), self.file("system.pem")));
        environment
    }

    fn deployed(&self, roots: &str) -> Environment {
        let mut environment = own([
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("DATABASE_SECRET_ARN", &self.database_secret),
            ("JWT_SECRET_ARN", &self.jwt_secret),
            ("DATABASE_SSL_ROOT_CERT", &self.file(roots)),
        ]);
        environment.extend(own(CREDENTIALS));
        environment
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

fn own<const N: usize>(variables: [(&str, &str); N]) -> Environment {
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn write_authorities(folder: &Path, own: &str) -> Result<()> {
    let system = SYSTEM_AUTHORITIES
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .context("this system has no file of trusted authorities (Debian: ca-certificates)")?;
    let rds = fs::read_to_string(workspace_root().join("shared/certs/rds.pem"))?;
    let region: String = rds
        .split_inclusive("-----END CERTIFICATE-----\n")
        .take(3)
        .collect();
    for (name, text) in [
        ("authority.pem", own.to_owned()),
        ("system.pem", format!("{system}\n{own}")),
        ("rds.pem", format!("{rds}\n{own}")),
        ("rds-of-region.pem", format!("{region}\n{own}")),
    ] {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// A client of the Secrets Manager stand-in.
struct Store {
    agent: ureq::Agent,
    endpoint: String,
}

impl Store {
    fn new(endpoint: &str, authority: &str) -> Result<Self> {
        let roots = RootCerts::new_with_certs(&[Certificate::from_pem(authority.as_bytes())?]);
        let tls = TlsConfig::builder().root_certs(roots).build();
        Ok(Self {
            agent: ureq::Agent::config_builder()
                .tls_config(tls)
                .build()
                .new_agent(),
            endpoint: endpoint.to_owned(),
        })
    }

    /// Creates a secret and gives its ARN.
    fn create(&self, name: &str, value: &str) -> Result<String> {
        let body = json!({ "Name": name, "SecretString": value }).to_string();
        let answer = self
            .agent
            .post(&self.endpoint)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", "secretsmanager.CreateSecret")
            // The stand-in reads the service from the signature and does not check it.
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/secretsmanager/aws4_request, \
                 SignedHeaders=host, Signature=0",
            )
            .send(body)
            .context("moto did not take a secret")?
            .into_body()
            .read_to_string()?;
        let answer: Value = serde_json::from_str(&answer)?;
        let arn = answer["ARN"].as_str();
        arn.map(str::to_owned).context("moto gave no ARN")
    }
}
