//! From configuration to connection options.

use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::platform::config::{ConfigError, DatabaseConfig, DatabaseSource, SslMode};

/// What every connection's `application_name` begins with; the function's name follows.
pub const APPLICATION_PREFIX: &str = "rollcall-";

/// The authorities of RDS, which sign the certificates of its servers; see `certs/README.md`. Those of
/// RDS Proxy are the public web's, which the driver knows.
const RDS_AUTHORITIES: &str = include_str!("../../../certs/rds.pem");

const END_OF_CERTIFICATE: &str = "-----END CERTIFICATE-----\n";

/// Statements that a connection remembers. Each handler has a few shapes of SQL; the number only
/// keeps a connection that lives for days from growing without bound.
const STATEMENT_CACHE: usize = 64;

/// Parses a connection URL without repeating it in the error, because it holds a password.
pub fn parse_url(variable: &str, url: &str) -> Result<PgConnectOptions, ConfigError> {
    url.parse().map_err(|_| {
        ConfigError::new(
            variable,
            "must be a URL like postgres://user:password@host:5432/database",
        )
    })
}

/// Adds to host and credentials what all our connections have. The server lists it under the
/// name of the function.
#[must_use]
pub fn connect_options(
    config: &DatabaseConfig,
    base: PgConnectOptions,
    function: &str,
) -> PgConnectOptions {
    // The driver's own logging would write statements into our logs.
    let mut options = base
        .application_name(&format!("{APPLICATION_PREFIX}{function}"))
        .disable_statement_logging();
    if let Some(mode) = config.ssl_mode {
        options = options.ssl_mode(match mode {
            SslMode::Disable => PgSslMode::Disable,
            SslMode::Prefer => PgSslMode::Prefer,
            SslMode::Require => PgSslMode::Require,
            SslMode::VerifyCa => PgSslMode::VerifyCa,
            SslMode::VerifyFull => PgSslMode::VerifyFull,
        });
    }
    if let Some(path) = &config.ssl_root_cert {
        options = options.ssl_root_cert(path);
    } else if verifies(config.ssl_mode) && !matches!(config.source, DatabaseSource::Url(_)) {
        let authorities = rds_authorities(options.get_host()).into_bytes();
        options = options.ssl_root_cert_from_pem(authorities);
    }
    options = options.statement_cache_capacity(STATEMENT_CACHE);
    if config.pooler {
        // A pooler in transaction mode may give every transaction another session: what we would ask
        // of one is not there in the next.
        return options;
    }
    // Our queries are too short for compilation to pay: it takes longer than most of them.
    options = options.options([("jit", "off")]);
    if let Some(schema) = config.schema {
        options = options.options([("search_path", search_path(schema))]);
    }
    match config.statement_timeout {
        Some(timeout) => {
            options.options([("statement_timeout", format!("{}ms", timeout.as_millis()))])
        }
        None => options,
    }
}

/// Where names without a schema are looked for.
pub(super) fn search_path(schema: &str) -> String {
    format!("{schema},public")
}

/// The authorities that can have signed for this host. RDS puts the region into the name of a server; a
/// host that has no such name may be anywhere. The driver parses what it gets at every connect.
fn rds_authorities(host: &str) -> String {
    let region = host
        .strip_suffix(".rds.amazonaws.com")
        .and_then(|name| name.rsplit('.').next());
    let of_region: String = region.map_or_else(String::new, |region| {
        let title = format!("# Amazon RDS {region} Root CA ");
        RDS_AUTHORITIES
            .split_inclusive(END_OF_CERTIFICATE)
            .filter(|certificate| certificate.contains(&title))
            .collect()
    });
    if of_region.is_empty() {
        RDS_AUTHORITIES.to_owned()
    } else {
        of_region
    }
}

fn verifies(mode: Option<SslMode>) -> bool {
    matches!(mode, Some(SslMode::VerifyCa | SslMode::VerifyFull))
}

#[cfg(test)]
mod tests {
    use rustls::{
        RootCertStore,
        pki_types::{CertificateDer, pem::PemObject},
    };

    use super::*;
    use crate::platform::config::{Config, Variables};

    /// Three for each of 34 regions.
    const AUTHORITIES: usize = 102;

    fn config(variables: Variables) -> DatabaseConfig {
        let variables = variables
            .with("DATABASE_URL", "postgres://app@db/app")
            .with("AUTH_MODE", "gateway");
        Config::from_variables(&variables).unwrap().database
    }

    #[test]
    fn a_session_is_opened_with_settings_of_ours_unless_a_pooler_owns_it() {
        let base = parse_url("DATABASE_URL", "postgres://app@db/app").unwrap();
        let direct = connect_options(&config(Variables::from([])), base.clone(), "test");
        assert_eq!(
            direct.get_options(),
            Some("-c jit=off -c statement_timeout=27750ms")
        );
        let pooled = config(Variables::from([("DATABASE_POOLER", "true")]));
        assert_eq!(connect_options(&pooled, base, "test").get_options(), None);
    }

    #[test]
    fn the_authorities_of_rds_are_certificates_that_the_tls_library_takes() {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(RDS_AUTHORITIES.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let mut roots = RootCertStore::empty();
        let (taken, refused) = roots.add_parsable_certificates(certificates);
        assert_eq!((taken, refused), (AUTHORITIES, 0));
    }

    #[test]
    fn a_server_of_rds_is_checked_against_the_three_authorities_of_its_region() {
        let certificates = |host: &str| {
            let pem = rds_authorities(host);
            CertificateDer::pem_slice_iter(pem.as_bytes())
                .collect::<Result<Vec<_>, _>>()
                .unwrap()
                .len()
        };
        for region in ["eu-central-1", "us-east-1", "mx-central-1"] {
            let host = format!("accounts.cluster-c1a2b3.{region}.rds.amazonaws.com");
            assert_eq!(certificates(&host), 3);
            assert!(rds_authorities(&host).contains(region));
        }
        for host in [
            "db.internal",
            "10.0.0.1",
            "accounts.c1a2b3.new-region-9.rds.amazonaws.com",
        ] {
            assert_eq!(certificates(host), AUTHORITIES, "{host}");
        }
    }

    #[test]
    fn a_malformed_url_is_refused_without_being_shown() {
        let error = parse_url("DATABASE_URL", "mysql//app:hunter2@db")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("DATABASE_URL must be a URL like"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}
