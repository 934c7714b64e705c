//! Variables about callers.

use secrecy::SecretString;

use super::variables::{ConfigError, Variables};
use crate::platform::user_id::UserIdKind;

/// How callers prove who they are.
#[derive(Debug)]
pub struct AuthConfig {
    /// `AUTH_MODE`: `jwt` (default) or `gateway`.
    pub mode: AuthMode,
    /// `JWT_REQUIRED_CLAIMS`, such as `type=access,token_use=access`: what a token must claim beside
    /// its subject, in both modes.
    pub required_claims: Vec<RequiredClaim>,
    /// How a token names its user.
    pub subject: SubjectConfig,
}

/// How a token names its user, and what it says of the user's rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectConfig {
    /// `JWT_SUBJECT_CLAIM`: the claim that names the user. Default `sub`.
    pub claim: String,
    /// `JWT_SUBJECT_FIELD`: what the claim is of the user: `id` (default), `email` or `username`.
    pub field: SubjectField,
    /// What the ids are in the table of users.
    pub id_kind: UserIdKind,
    /// `JWT_SUPERUSER_CLAIM`, such as `role=admin`: a token that claims it makes its user a superuser,
    /// whatever the table says.
    pub superuser_claim: Option<RequiredClaim>,
    /// `JWT_SUPERUSERS`: subjects, separated by commas, that are superusers whatever the table says.
    pub superusers: Vec<String>,
}

/// What a subject is of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectField {
    /// The id.
    Id,
    /// The e-mail address, without regard to case.
    Email,
    /// The username, without regard to case.
    Username,
}

/// A claim that a token must have, with this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredClaim {
    /// The claim.
    pub name: String,
    /// Its value: a text, or a number or a truth value as JSON writes it. A list must contain it.
    pub value: String,
}

/// Who verifies the token.
#[derive(Debug)]
pub enum AuthMode {
    /// The functions verify the bearer token themselves.
    Jwt(JwtConfig),
    /// A JWT authorizer of API Gateway has verified it, and only its claims are read.
    Gateway,
}

/// How the functions verify a bearer token.
#[derive(Debug)]
pub struct JwtConfig {
    /// `JWT_ALGORITHM`: `HS256` (default), `ES256` or `RS256`. Never taken from the token.
    pub algorithm: JwtAlgorithm,
    /// `JWT_KEY` (local use) or `JWT_SECRET_ARN`.
    pub key: JwtKeySource,
    /// `JWT_ISSUER`: what the `iss` claim must be, if set.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: what the `aud` claim must contain, if set.
    pub audience: Option<String>,
}

/// The signature algorithms that can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256: the key is a secret of at least 32 bytes.
    Hs256,
    /// ECDSA on P-256 with SHA-256: the key is a public key in PEM.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: the key is a public key in PEM.
    Rs256,
}

/// Where the key is.
#[derive(Debug)]
pub enum JwtKeySource {
    /// The key itself.
    Inline(SecretString),
    /// The ARN or name of a secret whose string is the key.
    Secret(String),
}

impl AuthConfig {
    pub(super) fn from_variables(
        variables: &Variables,
        id_kind: UserIdKind,
    ) -> Result<Self, ConfigError> {
        let by_gateway = variables
            .one_of("AUTH_MODE", &[("jwt", false), ("gateway", true)])?
            .unwrap_or(false);
        let mode = if by_gateway {
            AuthMode::Gateway
        } else {
            AuthMode::Jwt(JwtConfig::from_variables(variables)?)
        };
        Ok(Self {
            mode,
            required_claims: RequiredClaim::from_variable(variables, "JWT_REQUIRED_CLAIMS")?,
            subject: SubjectConfig::from_variables(variables, id_kind)?,
        })
    }
}

impl SubjectConfig {
    fn from_variables(variables: &Variables, id_kind: UserIdKind) -> Result<Self, ConfigError> {
        let mut superuser_claims = RequiredClaim::from_variable(variables, "JWT_SUPERUSER_CLAIM")?;
        if superuser_claims.len() > 1 {
            return Err(ConfigError::new(
                "JWT_SUPERUSER_CLAIM",
                "must be one claim with its value, such as role=admin",
            ));
        }
        let superusers = variables.optional("JWT_SUPERUSERS").unwrap_or_default();
        Ok(Self {
            claim: variables
                .optional("JWT_SUBJECT_CLAIM")
                .unwrap_or("sub")
                .to_owned(),
            field: variables
                .one_of(
                    "JWT_SUBJECT_FIELD",
                    &[
                        ("id", SubjectField::Id),
                        ("email", SubjectField::Email),
                        ("username", SubjectField::Username),
                    ],
                )?
                .unwrap_or(SubjectField::Id),
            id_kind,
            superuser_claim: superuser_claims.pop(),
            superusers: superusers
                .split(',')
                .map(str::trim)
                .filter(|subject| !subject.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

impl RequiredClaim {
    fn from_variable(variables: &Variables, variable: &str) -> Result<Vec<Self>, ConfigError> {
        let Some(text) = variables.optional(variable) else {
            return Ok(Vec::new());
        };
        let claims: Option<Vec<_>> = text.split(',').map(Self::parse).collect();
        claims.ok_or_else(|| {
            ConfigError::new(
                variable,
                format!(
                    "must be claims with their values, such as type=access,token_use=access, but \
                     is {text:?}"
                ),
            )
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=')?;
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        (!name.is_empty() && !value.is_empty()).then_some(Self { name, value })
    }
}

impl JwtConfig {
    fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let algorithm = variables
            .one_of(
                "JWT_ALGORITHM",
                &[
                    ("HS256", JwtAlgorithm::Hs256),
                    ("ES256", JwtAlgorithm::Es256),
                    ("RS256", JwtAlgorithm::Rs256),
                ],
            )?
            .unwrap_or(JwtAlgorithm::Hs256);
        let key = match (
            variables.optional("JWT_KEY"),
            variables.optional("JWT_SECRET_ARN"),
        ) {
            (Some(key), None) => JwtKeySource::Inline(key.into()),
            (None, Some(arn)) => JwtKeySource::Secret(arn.to_owned()),
            (Some(_), Some(_)) => {
                return Err(ConfigError::new(
                    "JWT_KEY",
                    "and JWT_SECRET_ARN are both set: unset one of them",
                ));
            }
            (None, None) => {
                return Err(ConfigError::new(
                    "JWT_SECRET_ARN",
                    "is not set: give the secret's ARN, or JWT_KEY for local use, or AUTH_MODE=gateway",
                ));
            }
        };
        Ok(Self {
            algorithm,
            key,
            issuer: variables.optional("JWT_ISSUER").map(str::to_owned),
            audience: variables.optional("JWT_AUDIENCE").map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_required_unless_the_gateway_verifies() {
        let error =
            AuthConfig::from_variables(&Variables::from([]), UserIdKind::Integer).unwrap_err();
        assert!(
            error.to_string().starts_with("JWT_SECRET_ARN is not set"),
            "{error}"
        );
        let gateway = AuthConfig::from_variables(
            &Variables::from([("AUTH_MODE", "gateway")]),
            UserIdKind::Integer,
        )
        .unwrap();
        assert!(matches!(gateway.mode, AuthMode::Gateway));
    }

    #[test]
    fn an_unknown_algorithm_is_refused_with_the_known_ones() {
        let error = AuthConfig::from_variables(
            &Variables::from([("JWT_ALGORITHM", "none")]),
            UserIdKind::Integer,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "JWT_ALGORITHM must be one of HS256, ES256, RS256, but is \"none\""
        );
    }
}
