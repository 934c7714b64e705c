//! Opens connections.

use std::{fs, sync::Mutex, sync::PoisonError, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    TlsCertificates, aio::MultiplexedConnection, io::tcp::TcpSettings,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::failure::{Failure, Reason};
use crate::platform::{
    config::{ConfigError, ValkeyConfig},
    error::Error,
    secrets::{JsonSecret, Malformed, Secrets},
};

/// The authorities that sign the certificates of `ElastiCache`; see `certs/README.md`.
const AMAZON_AUTHORITIES: &[u8] = include_bytes!("../../../certs/amazon.pem");

/// No request waits for this; it only keeps an attempt from hanging for ever.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Where the server is, and how to prove who we are.
pub(super) struct Connector {
    info: ConnectionInfo,
    certificates: TlsCertificates,
    secret: Option<(Secrets, String)>,
    credentials: Mutex<Option<Credentials>>,
}

/// A user of the server, as the secret names one.
#[derive(Clone)]
struct Credentials {
    username: String,
    password: String,
}

impl Connector {
    pub(super) fn new(
        config: &ValkeyConfig,
        secrets: Option<&Secrets>,
    ) -> Result<Self, ConfigError> {
        let info = config
            .url
            .expose_secret()
            .into_connection_info()
            .map_err(|_| {
                ConfigError::new(
                    "VALKEY_URL",
                    "must be a URL like rediss://host:6379 (redis:// is without TLS)",
                )
            })?;
        let authorities = match &config.ssl_root_cert {
            None => AMAZON_AUTHORITIES.to_vec(),
            Some(path) => fs::read(path).map_err(|error| {
                ConfigError::new("VALKEY_SSL_ROOT_CERT", format!("cannot be read: {error}"))
            })?,
        };
        Ok(Self {
            info: info.set_tcp_settings(TcpSettings::default().set_nodelay(true)),
            certificates: TlsCertificates {
                client_tls: None,
                root_cert: Some(authorities),
            },
            secret: secrets.cloned().zip(config.secret_arn.clone()),
            credentials: Mutex::default(),
        })
    }

    /// Opens a connection that has answered once.
    pub(super) async fn connect(&self) -> Result<MultiplexedConnection, Failure> {
        timeout(CONNECT_LIMIT, self.connect_with_credentials())
            .await
            .unwrap_or_else(|_| Err(Failure::timeout()))
    }

    async fn connect_with_credentials(&self) -> Result<MultiplexedConnection, Failure> {
        let Some((secrets, arn)) = &self.secret else {
            return self.connect_as(None).await;
        };
        if let Some(known) = self.known() {
            match self.connect_as(Some(&known)).await {
                Err(failure) if failure.reason() == Reason::AuthenticationFailed => {}
                outcome => return outcome,
            }
        }
        // The first time, and after a rotation.
        let fetched = fetch(secrets, arn)
            .await
            .map_err(|error| Failure::no_credentials(&error))?;
        *self
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(fetched.clone());
        self.connect_as(Some(&fetched)).await
    }

    fn known(&self) -> Option<Credentials> {
        self.credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn connect_as(
        &self,
        credentials: Option<&Credentials>,
    ) -> Result<MultiplexedConnection, Failure> {
        // The driver would tell the server its own name, which takes a right that no one needs.
        let mut settings = self.info.redis_settings().clone().set_skip_set_lib_name();
        if let Some(Credentials { username, password }) = credentials {
            settings = settings.set_username(username).set_password(password);
        }
        let info = self.info.clone().set_redis_settings(settings);
        let client = if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            Client::build_with_tls(info, self.certificates.clone())?
        } else {
            Client::open(info)?
        };
        // Both are bounded from outside, by the limit above and by what a request may spend.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        redis::cmd("PING")
            .query_async::<()>(&mut connection)
            .await?;
        Ok(connection)
    }
}

async fn fetch(secrets: &Secrets, arn: &str) -> Result<Credentials, Error> {
    let text = secrets.fetch(arn).await?;
    Credentials::read(&text)
        .map_err(|malformed| Error::internal("reading the secret of the cache", malformed))
}

impl Credentials {
    fn read(text: &SecretString) -> Result<Self, Malformed> {
        let secret = JsonSecret::parse(text)?;
        Ok(Self {
            username: secret.text("username")?,
            password: secret.text("password")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rustls::{
        RootCertStore,
        pki_types::{CertificateDer, pem::PemObject},
    };

    use super::*;
    use crate::platform::config::Variables;

    #[test]
    fn the_authorities_of_amazon_are_certificates_that_the_tls_library_takes() {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(AMAZON_AUTHORITIES)
            .collect::<Result<_, _>>()
            .unwrap();
        let mut roots = RootCertStore::empty();
        assert_eq!(roots.add_parsable_certificates(certificates), (5, 0));
    }

    #[test]
    fn a_malformed_url_is_refused_without_being_shown() {
        let variables = Variables::from([
            ("VALKEY_URL", "http://app:hunter2@cache"),
            ("DATABASE_URL", "postgres://app@db/app"),
            ("AUTH_MODE", "gateway"),
        ]);
        let config = crate::platform::config::Config::from_variables(&variables).unwrap();
        let error = Connector::new(&config.valkey.unwrap(), None).err().unwrap();
        assert_eq!(
            error.to_string(),
            "VALKEY_URL must be a URL like rediss://host:6379 (redis:// is without TLS)"
        );
    }
}
