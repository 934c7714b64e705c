//! Bearer tokens: JSON Web Tokens (RFC 7519) signed with a configured algorithm and key.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lambda_http::{Request, http::header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{parse_subject, ring_verifier};
use crate::{
    config::{ConfigError, JwtAlgorithm, JwtConfig},
    error::Error,
};

/// RFC 7518, section 3.2: a key for HS256 has at least the size of the hash, 256 bits.
const MIN_HS256_KEY_BYTES: usize = 32;

/// How far the clocks of issuer and verifier may be apart.
const LEEWAY_SECONDS: u64 = 30;

/// Verifies bearer tokens.
pub(super) struct TokenVerifier {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl TokenVerifier {
    pub(super) fn new(
        config: &JwtConfig,
        key: &SecretString,
        variable: &str,
    ) -> Result<Self, ConfigError> {
        ring_verifier::install();
        let (algorithm, key) = decoding_key(config.algorithm, key, variable)?;
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "sub"]);
        if let Some(issuer) = &config.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        match &config.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.required_spec_claims.insert("aud".to_owned());
            }
            None => validation.validate_aud = false,
        }
        Ok(Self { key, validation })
    }

    /// The user whom the request's token names.
    pub(super) fn user_id(&self, request: &Request) -> Result<i64, Error> {
        let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
        let value = values
            .next()
            .ok_or(Error::Unauthorized { reason: "no token" })?;
        if values.any(|other| other != value) {
            return Err(Error::Unauthorized {
                reason: "more than one Authorization header",
            });
        }
        let token = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(Error::Unauthorized {
                reason: "not a bearer token",
            })?;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| Error::Unauthorized {
                reason: "token refused",
            })?
            .claims;
        parse_subject(&claims.sub)
    }
}

fn decoding_key(
    algorithm: JwtAlgorithm,
    key: &SecretString,
    variable: &str,
) -> Result<(Algorithm, DecodingKey), ConfigError> {
    let bytes = key.expose_secret().as_bytes();
    let public_key = |parsed: Result<DecodingKey, _>, name| {
        parsed.map_err(|_| {
            ConfigError::new(
                variable,
                format!("must hold a public key in PEM for {name}"),
            )
        })
    };
    match algorithm {
        JwtAlgorithm::Hs256 if bytes.len() < MIN_HS256_KEY_BYTES => Err(ConfigError::new(
            variable,
            format!("must hold a key of at least {MIN_HS256_KEY_BYTES} bytes for HS256"),
        )),
        JwtAlgorithm::Hs256 => Ok((Algorithm::HS256, DecodingKey::from_secret(bytes))),
        JwtAlgorithm::Es256 => Ok((
            Algorithm::ES256,
            public_key(DecodingKey::from_ec_pem(bytes), "ES256")?,
        )),
        JwtAlgorithm::Rs256 => Ok((
            Algorithm::RS256,
            public_key(DecodingKey::from_rsa_pem(bytes), "RS256")?,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::JwtKeySource;

    fn refused(algorithm: JwtAlgorithm, key: &str) -> String {
        let config = JwtConfig {
            algorithm,
            key: JwtKeySource::Secret("arn".to_owned()),
            issuer: None,
            audience: None,
        };
        TokenVerifier::new(&config, &key.to_owned().into(), "JWT_SECRET_ARN")
            .err()
            .unwrap()
            .to_string()
    }

    #[test]
    fn a_key_that_cannot_be_one_is_refused_at_start_up_and_not_shown() {
        assert_eq!(
            refused(JwtAlgorithm::Hs256, "too-short"),
            "JWT_SECRET_ARN must hold a key of at least 32 bytes for HS256"
        );
        assert_eq!(
            refused(JwtAlgorithm::Es256, "no pem"),
            "JWT_SECRET_ARN must hold a public key in PEM for ES256"
        );
    }
}
