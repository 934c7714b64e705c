//! Certificates for servers on 127.0.0.1, and the authority that clients must trust for them.

use std::fmt;

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// An authority that lives as long as the servers that it signs for. Its key is never written anywhere.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What a server shows to its clients, both in PEM.
#[derive(Clone)]
pub(crate) struct ServerCertificate {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl fmt::Debug for ServerCertificate {
    /// Leaves out the private key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServerCertificate")
    }
}

impl Authority {
    /// Makes a new one, with a P-256 key.
    pub fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "rollcall test authority");
        let key = KeyPair::generate().context("could not make the authority's key")?;
        let certificate = params
            .self_signed(&key)
            .context("could not make the authority's certificate")?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem: certificate.pem(),
        })
    }

    /// Its certificate, for the trust store of clients.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Signs for a server that is reached as 127.0.0.1 or localhost.
    pub(crate) fn sign_server(&self) -> Result<ServerCertificate> {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "localhost");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().context("could not make a server's key")?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("could not sign a server's certificate")?;
        Ok(ServerCertificate {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}
