//! Who calls, and whether they may.
//!
//! A token, or the gateway in its place, says who the caller is. Whether that user may administrate
//! is asked of the database, because a token cannot know that its owner was deactivated a minute
//! ago. The answer is remembered for [`REMEMBERED`] at most.

mod claims;
mod decoding_key;
mod gateway;
mod keys;
mod ring_verifier;
mod superusers;
mod token;

use std::time::Duration;

use lambda_http::Request;

pub use self::keys::{Fetch, KeySource};
use self::{superusers::RecentSuperusers, token::TokenVerifier};
use crate::{
    platform::{
        config::{AuthConfig, ConfigError, JwtConfig, RequiredClaim},
        database::Database,
        deadline::Deadline,
        error::Error,
    },
    store::callers::FindCaller,
};

/// How long a superuser who loses the right may keep it in a warm environment.
pub const REMEMBERED: Duration = Duration::from_secs(30);

/// A user who is active and superuser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superuser {
    /// `users.id`.
    pub id: i64,
}

/// Decides who may call.
pub struct Authenticator {
    identity: IdentitySource,
    required_claims: Vec<RequiredClaim>,
    recent: RecentSuperusers,
}

enum IdentitySource {
    Token(Box<TokenVerifier>),
    Gateway,
}

impl Authenticator {
    /// Verifies bearer tokens with the key from `source`.
    pub fn verifying_tokens(
        config: &AuthConfig,
        jwt: &JwtConfig,
        source: KeySource,
    ) -> Result<Self, ConfigError> {
        let verifier = TokenVerifier::new(jwt, source)?;
        Ok(Self::new(config, IdentitySource::Token(Box::new(verifier))))
    }

    /// Reads the claims of a token that a JWT authorizer of API Gateway has verified.
    #[must_use]
    pub fn trusting_gateway(config: &AuthConfig) -> Self {
        Self::new(config, IdentitySource::Gateway)
    }

    fn new(config: &AuthConfig, identity: IdentitySource) -> Self {
        Self {
            identity,
            required_claims: config.required_claims.clone(),
            recent: RecentSuperusers::default(),
        }
    }

    /// `users.id` of whoever sent this request, as a verified token says.
    ///
    /// Fails with [`Error::Unauthorized`] if there is none.
    pub async fn caller(&self, request: &Request, deadline: &Deadline) -> Result<i64, Error> {
        let claims = match &self.identity {
            IdentitySource::Token(verifier) => verifier.claims(request, deadline).await?,
            IdentitySource::Gateway => gateway::claims(request)?,
        };
        claims.user_id(&self.required_claims)
    }

    /// The superuser of that id.
    ///
    /// Fails with [`Error::Unauthorized`] if nobody known and active has it, with
    /// [`Error::Forbidden`] if an ordinary user does.
    pub async fn superuser(
        &self,
        id: i64,
        database: &Database,
        deadline: &Deadline,
    ) -> Result<Superuser, Error> {
        if self.recent.contains(id) {
            return Ok(Superuser { id });
        }
        let row = database
            .read(deadline, &FindCaller { user_id: id })
            .await?
            .ok_or(Error::Unauthorized {
                reason: "unknown user",
            })?;
        if !row.is_active {
            return Err(Error::Unauthorized {
                reason: "inactive user",
            });
        }
        if !row.is_superuser {
            return Err(Error::Forbidden);
        }
        self.recent.remember(id);
        Ok(Superuser { id })
    }
}
