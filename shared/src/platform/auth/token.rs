//! Bearer tokens: JSON Web Tokens (RFC 7519) signed with a configured algorithm and key.

use std::sync::Arc;

use jsonwebtoken::{
    Algorithm, DecodingKey, TokenData, Validation,
    errors::{Error as JwtError, ErrorKind},
};
use lambda_http::{Request, http::header};

use super::{
    claims::Claims,
    keys::{KeySource, Keys},
    ring_verifier,
};
use crate::platform::{
    config::{ConfigError, JwtAlgorithm, JwtConfig},
    deadline::Deadline,
    error::Error,
};

/// How far the clocks of issuer and verifier may be apart.
const LEEWAY_SECONDS: u64 = 30;

/// Verifies bearer tokens.
pub(super) struct TokenVerifier {
    keys: Arc<Keys>,
    validation: Validation,
}

impl TokenVerifier {
    pub(super) fn new(config: &JwtConfig, source: KeySource) -> Result<Self, ConfigError> {
        ring_verifier::install();
        let mut validation = Validation::new(match config.algorithm {
            JwtAlgorithm::Hs256 => Algorithm::HS256,
            JwtAlgorithm::Es256 => Algorithm::ES256,
            JwtAlgorithm::Rs256 => Algorithm::RS256,
        });
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp"]);
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
        Ok(Self {
            keys: Arc::new(Keys::new(config.algorithm, source)?),
            validation,
        })
    }

    /// The claims of the request's token.
    pub(super) async fn claims(
        &self,
        request: &Request,
        deadline: &Deadline,
    ) -> Result<Claims, Error> {
        let token = bearer_token(request)?;
        let verified = self.verify(token, deadline).await;
        let TokenData { header, claims } = verified.map_err(|error| Error::Unauthorized {
            reason: reason(&error, token),
        })?;
        // RFC 7515, section 4.1.11: an extension that is not understood must be refused, and none is.
        if header.crit.is_some() {
            return Err(Error::Unauthorized {
                reason: "the header has critical extensions",
            });
        }
        Ok(claims)
    }

    async fn verify(
        &self,
        token: &str,
        deadline: &Deadline,
    ) -> Result<TokenData<Claims>, JwtError> {
        let mut keys = self.keys.known();
        loop {
            match self.verify_with(&keys, token) {
                Err(error) if is_bad_signature(&error) => {
                    let newer = self.keys.newer_than(&keys, deadline).await;
                    keys = newer.ok_or(error)?;
                }
                outcome => {
                    self.keys.renew_if_old();
                    return outcome;
                }
            }
        }
    }

    /// The outcome with the first key that fits the signature.
    fn verify_with(
        &self,
        keys: &[DecodingKey],
        token: &str,
    ) -> Result<TokenData<Claims>, JwtError> {
        let mut outcome = Err(ErrorKind::InvalidSignature.into());
        for key in keys {
            outcome = jsonwebtoken::decode(token, key, &self.validation);
            if !outcome.as_ref().is_err_and(is_bad_signature) {
                break;
            }
        }
        outcome
    }
}

fn bearer_token(request: &Request) -> Result<&str, Error> {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let value = values
        .next()
        .ok_or(Error::Unauthorized { reason: "no token" })?;
    if values.any(|other| other != value) {
        return Err(Error::Unauthorized {
            reason: "more than one Authorization header",
        });
    }
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(Error::Unauthorized {
            reason: "not a bearer token",
        })
}

fn is_bad_signature(error: &JwtError) -> bool {
    matches!(error.kind(), ErrorKind::InvalidSignature)
}

/// What was wrong with a token. The log says it, the answer does not.
fn reason(error: &JwtError, token: &str) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidSignature => "no known key fits the signature",
        ErrorKind::InvalidAlgorithm => "the token is signed with another algorithm",
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token is of another issuer",
        ErrorKind::InvalidAudience => "the token is for another audience",
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "exp" => "the expiry is missing or malformed",
            "iss" => "the issuer is missing or malformed",
            _ => "the audience is missing or malformed",
        },
        ErrorKind::Json(_) if jsonwebtoken::decode_header(token).is_err() => {
            "the header is malformed or names an unknown algorithm"
        }
        ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => "the claims are malformed",
        _ => "the token is malformed",
    }
}
