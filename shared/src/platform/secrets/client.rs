//! A client of Secrets Manager that is ready soon.
//!
//! In Lambda, region and credentials are variables, so none of the places where the SDK looks
//! otherwise (profiles, metadata services, single sign-on) has to be prepared.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, Region, environment::EnvironmentVariableCredentialsProvider,
    timeout::TimeoutConfig,
};
use aws_sdk_secretsmanager::{
    Client,
    config::{Builder, SharedHttpClient},
};
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};

use crate::platform::{config::Variables, error::Error};

/// The authorities behind the endpoints of AWS; see `certs/README.md`.
const AWS_AUTHORITIES: &str = include_str!("../../../certs/amazon.pem");

/// Partitions with authorities of their own, by the beginning of the names of their regions.
const OTHER_PARTITIONS: [&str; 4] = ["cn-", "us-iso", "eu-iso", "eusc-"];

/// Variables that say where the endpoint is.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];

/// Variables that name authorities to trust.
const AUTHORITIES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Variables that make the SDK choose another endpoint, or look into its files.
const OTHER_SETTINGS: [&str; 5] = [
    "AWS_CONFIG_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
];

/// An answer takes milliseconds; a second attempt is worth more than a longer wait.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Lambda ends a start after ten seconds without a word about the reason, so all attempts together end
/// before that.
const FETCH_TIMEOUT: Duration = Duration::from_secs(7);

/// Makes the client, from variables alone where they say all.
pub(super) async fn build() -> Result<Client, Error> {
    let variables = Variables::of_process();
    let http_client = http_client(&variables)?;
    if let Some(region) = region_of_lambda(&variables) {
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .http_client(http_client)
            .timeout_config(timeouts());
        config.set_endpoint_url(first(&variables, &ENDPOINTS).map(str::to_owned));
        return Ok(Client::from_conf(config.build()));
    }
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        .timeout_config(timeouts())
        .load()
        .await;
    Ok(Client::new(&config))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(FETCH_TIMEOUT)
        .build()
}

/// The region, if the variables are those that Lambda sets, and no others matter.
fn region_of_lambda(variables: &Variables) -> Option<&str> {
    let has_credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .iter()
        .all(|name| variables.optional(name).is_some());
    if !has_credentials || first(variables, &OTHER_SETTINGS).is_some() {
        return None;
    }
    variables.optional("AWS_REGION")
}

/// One TLS library in the whole binary: ring, which the database connection uses too.
fn http_client(variables: &Variables) -> Result<SharedHttpClient, Error> {
    let trust_store = if endpoint_is_public(variables) {
        TrustStore::empty().with_pem_certificate(AWS_AUTHORITIES)
    } else {
        TrustStore::default()
    };
    let context = TlsContext::builder()
        .with_trust_store(trust_store)
        .build()
        .map_err(|error| Error::internal("preparing TLS", error))?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

/// Whether the endpoint is one whose authorities we have, and nobody wants others.
fn endpoint_is_public(variables: &Variables) -> bool {
    let is_elsewhere = first(variables, &ENDPOINTS).is_some();
    let is_told = first(variables, &AUTHORITIES).is_some();
    let region = variables.optional("AWS_REGION").unwrap_or_default();
    !is_elsewhere
        && !is_told
        && !region.is_empty()
        && !OTHER_PARTITIONS
            .iter()
            .any(|prefix| region.starts_with(prefix))
}

fn first<'variables>(variables: &'variables Variables, names: &[&str]) -> Option<&'variables str> {
    names.iter().find_map(|name| variables.optional(name))
}

#[cfg(test)]
mod tests {
    use rustls::{
        RootCertStore,
        pki_types::{CertificateDer, pem::PemObject},
    };

    use super::*;

    fn lambda() -> Variables {
        Variables::from([
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "key"),
        ])
    }

    #[test]
    fn the_authorities_of_aws_are_certificates_that_the_tls_library_takes() {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(AWS_AUTHORITIES.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let mut roots = RootCertStore::empty();
        assert_eq!(roots.add_parsable_certificates(certificates), (5, 0));
    }

    #[test]
    fn what_lambda_sets_is_enough() {
        assert_eq!(region_of_lambda(&lambda()), Some("eu-central-1"));
        assert!(endpoint_is_public(&lambda()));
    }

    #[test]
    fn any_other_setting_brings_the_whole_sdk() {
        for name in OTHER_SETTINGS {
            assert_eq!(region_of_lambda(&lambda().with(name, "true")), None);
        }
        assert_eq!(
            region_of_lambda(&lambda().with("AWS_ACCESS_KEY_ID", "")),
            None
        );
    }

    #[test]
    fn the_systems_authorities_are_trusted_where_ours_may_not_be_the_right_ones() {
        for (name, value) in [
            ("AWS_ENDPOINT_URL", "https://127.0.0.1:5000"),
            (
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                "https://secrets.internal",
            ),
            ("SSL_CERT_FILE", "/etc/own.pem"),
            ("SSL_CERT_DIR", "/etc/own"),
            ("AWS_REGION", "cn-north-1"),
            ("AWS_REGION", ""),
        ] {
            assert!(!endpoint_is_public(&lambda().with(name, value)), "{name}");
        }
    }
}
