//! From the text of a key to one that verifies tokens.
//!
//! ring parses a public key only when it verifies, and does not say then whether the key or the
//! signature was wrong. A deploy with a wrong key must fail instead of refusing every token, so the key
//! is checked here.

use jsonwebtoken::DecodingKey;
use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    rand::SystemRandom,
};
use secrecy::{ExposeSecret, SecretString};
use simple_asn1::ASN1Block;

use crate::platform::config::{ConfigError, JwtAlgorithm};

/// RFC 7518, section 3.2: a key for HS256 has at least the size of the hash, 256 bits.
const MIN_HS256_KEY_BYTES: usize = 32;

/// 2048 bits, the least of RFC 7518, section 3.3, to 8192, the most that ring verifies with. ring rounds
/// the length up to whole bytes.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<u64> = 256..=1024;

/// Reads a key. The error names `variable`, where it came from, and never shows the key.
pub(super) fn decoding_key(
    algorithm: JwtAlgorithm,
    key: &SecretString,
    variable: &str,
) -> Result<DecodingKey, ConfigError> {
    let text = key.expose_secret();
    let read = match algorithm {
        JwtAlgorithm::Hs256 => shared_secret(text),
        JwtAlgorithm::Es256 | JwtAlgorithm::Rs256 if text.contains("PRIVATE KEY-----") => Err(
            "holds a private key: give the public key, and leave the private one where tokens \
                 are signed"
                .to_owned(),
        ),
        JwtAlgorithm::Es256 => public_key(DecodingKey::from_ec_pem(text.as_bytes()), is_on_p256)
            .ok_or_else(|| "must hold a public key on the curve P-256 in PEM for ES256".to_owned()),
        JwtAlgorithm::Rs256 => public_key(
            DecodingKey::from_rsa_pem(text.as_bytes()),
            has_valid_modulus,
        )
        .ok_or_else(|| {
            "must hold an RSA public key of 2048 to 8192 bits in PEM for RS256".to_owned()
        }),
    };
    read.map_err(|problem| ConfigError::new(variable, problem))
}

fn shared_secret(text: &str) -> Result<DecodingKey, String> {
    // Anybody may know a public key, and could then sign with it.
    if text.contains("-----BEGIN") {
        return Err(format!(
            "holds a key in PEM, which HS256 would take for a shared secret: set JWT_ALGORITHM to \
             ES256 or RS256, or give a random secret of at least {MIN_HS256_KEY_BYTES} bytes"
        ));
    }
    if text.len() < MIN_HS256_KEY_BYTES {
        return Err(format!(
            "must hold a key of at least {MIN_HS256_KEY_BYTES} bytes for HS256"
        ));
    }
    Ok(DecodingKey::from_secret(text.as_bytes()))
}

fn public_key(
    parsed: jsonwebtoken::errors::Result<DecodingKey>,
    is_valid: impl FnOnce(&[u8]) -> bool,
) -> Option<DecodingKey> {
    let key = parsed.ok()?;
    is_valid(key.try_get_as_bytes().ok()?).then_some(key)
}

/// Whether this is an uncompressed point of P-256. Points of other curves can have the same length;
/// ring's key agreement refuses a point that is not on the curve.
fn is_on_p256(point: &[u8]) -> bool {
    EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())
        .and_then(|own| agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()))
        .is_ok()
}

/// Whether this is an `RSAPublicKey` (RFC 8017, appendix A.1.1) of a length that ring verifies with.
/// The parser is the one that jsonwebtoken reads the PEM with.
fn has_valid_modulus(der: &[u8]) -> bool {
    let Ok(blocks) = simple_asn1::from_der(der) else {
        return false;
    };
    let [ASN1Block::Sequence(_, numbers)] = &blocks[..] else {
        return false;
    };
    let [ASN1Block::Integer(_, modulus), ASN1Block::Integer(_, _)] = &numbers[..] else {
        return false;
    };
    RSA_MODULUS_BYTES.contains(&modulus.bits().div_ceil(8))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use rig::SigningKey;
    use simple_asn1::{BigInt, to_der};

    use super::*;

    fn read(algorithm: JwtAlgorithm, key: &str) -> Result<DecodingKey, String> {
        let key = key.to_owned().into();
        decoding_key(algorithm, &key, "JWT_KEY").map_err(|error| error.to_string())
    }

    /// A public key with a modulus of this many bits.
    fn rsa_of(bits: usize) -> String {
        let modulus = (BigInt::from(1) << (bits - 1)) + 1;
        let numbers = [modulus, 65_537.into()].map(|number| ASN1Block::Integer(0, number));
        let der = to_der(&ASN1Block::Sequence(0, numbers.into())).unwrap();
        let encoded = STANDARD.encode(der);
        format!("-----BEGIN RSA PUBLIC KEY-----\n{encoded}\n-----END RSA PUBLIC KEY-----\n")
    }

    #[test]
    fn keys_that_sign_are_read() {
        for key in [
            SigningKey::hs256("0123456789abcdef0123456789abcdef"),
            SigningKey::es256().unwrap(),
            SigningKey::rs256().unwrap(),
        ] {
            let algorithm = match key.algorithm() {
                "HS256" => JwtAlgorithm::Hs256,
                "ES256" => JwtAlgorithm::Es256,
                _ => JwtAlgorithm::Rs256,
            };
            read(algorithm, &key.verification_key()).unwrap();
        }
    }

    #[test]
    fn an_rsa_key_has_the_length_that_the_verifier_takes() {
        for (bits, is_read) in [
            (1024, false),
            (2040, false),
            (2047, true),
            (2048, true),
            (4096, true),
            (8192, true),
            (8193, false),
        ] {
            let outcome = read(JwtAlgorithm::Rs256, &rsa_of(bits));
            assert_eq!(outcome.is_ok(), is_read, "{bits}: {outcome:?}");
        }
    }

    #[test]
    fn a_certificate_stands_for_its_public_key() {
        let certificate = include_str!("../../../certs/amazon.pem");
        read(JwtAlgorithm::Rs256, certificate).unwrap();
    }

    #[test]
    fn a_secret_that_is_too_short_is_not_shown() {
        assert_eq!(
            read(JwtAlgorithm::Hs256, "too-short").unwrap_err(),
            "JWT_KEY must hold a key of at least 32 bytes for HS256"
        );
    }
}
