//! Bearer tokens: JSON Web Tokens (RFC 7519) signed with a configured algorithm and key.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lambda_http::{Request, http::header};
use secrecy::SecretString;
use serde::Deserialize;

use super::{decoding_key::decoding_key, parse_subject, ring_verifier};
use crate::{
    config::{ConfigError, JwtAlgorithm, JwtConfig},
    error::Error,
};

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
        let key = decoding_key(config.algorithm, key, variable)?;
        let mut validation = Validation::new(match config.algorithm {
            JwtAlgorithm::Hs256 => Algorithm::HS256,
            JwtAlgorithm::Es256 => Algorithm::ES256,
            JwtAlgorithm::Rs256 => Algorithm::RS256,
        });
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
