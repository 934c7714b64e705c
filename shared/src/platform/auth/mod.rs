//! Who calls, and whether they may.
//!
//! A token, or the gateway in its place, says who the caller is. Whether that user may administrate
//! is asked of the database, because a token cannot know that its owner was deactivated a minute
//! ago. The answer is remembered for [`REMEMBERED`] at most.

mod claims;
mod decoding_key;
mod gateway;
mod keys;
mod rights;
mod ring_verifier;
mod superusers;
mod token;

use lambda_http::Request;

pub use self::{
    keys::{Fetch, KeySource},
    rights::{FindRights, Rights},
    superusers::REMEMBERED,
};
use self::{superusers::RecentSuperusers, token::TokenVerifier};
use crate::platform::{
    config::{AuthConfig, ConfigError, JwtConfig, RequiredClaim},
    database::Database,
    deadline::Deadline,
    error::Error,
    user_id::UserId,
};

/// Decides who may call.
pub struct Authenticator {
    identity: IdentitySource,
    required_claims: Vec<RequiredClaim>,
    find_rights: FindRights,
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
        find_rights: FindRights,
    ) -> Result<Self, ConfigError> {
        let verifier = TokenVerifier::new(jwt, source)?;
        let identity = IdentitySource::Token(Box::new(verifier));
        Ok(Self::new(config, identity, find_rights))
    }

    /// Reads the claims of a token that a JWT authorizer of API Gateway has verified.
    #[must_use]
    pub fn trusting_gateway(config: &AuthConfig, find_rights: FindRights) -> Self {
        Self::new(config, IdentitySource::Gateway, find_rights)
    }

    fn new(config: &AuthConfig, identity: IdentitySource, find_rights: FindRights) -> Self {
        Self {
            identity,
            required_claims: config.required_claims.clone(),
            find_rights,
            recent: RecentSuperusers::default(),
        }
    }

    /// `users.id` of whoever sent this request, as a verified token says.
    ///
    /// Fails with [`Error::Unauthorized`] if there is none.
    pub async fn caller(&self, request: &Request, deadline: &Deadline) -> Result<UserId, Error> {
        let claims = match &self.identity {
            IdentitySource::Token(verifier) => verifier.claims(request, deadline).await?,
            IdentitySource::Gateway => gateway::claims(request)?,
        };
        claims.user_id(&self.required_claims)
    }

    /// Succeeds if the user of that id is active and superuser.
    ///
    /// Fails with [`Error::Unauthorized`] if nobody known and active has it, with
    /// [`Error::Forbidden`] if an ordinary user does.
    pub async fn require_superuser(
        &self,
        id: UserId,
        database: &Database,
        deadline: &Deadline,
    ) -> Result<(), Error> {
        if self.recent.contains(id) {
            return Ok(());
        }
        if !self
            .active_rights(id, database, deadline)
            .await?
            .is_superuser
        {
            return Err(Error::Forbidden);
        }
        self.recent.remember(id);
        Ok(())
    }

    /// Succeeds if the user of that id is active.
    ///
    /// Fails with [`Error::Unauthorized`] if nobody known and active has it.
    pub async fn require_active(
        &self,
        id: UserId,
        database: &Database,
        deadline: &Deadline,
    ) -> Result<(), Error> {
        if !self.recent.contains(id) {
            self.active_rights(id, database, deadline).await?;
        }
        Ok(())
    }

    /// Forgets that a user had a right which may have been taken away.
    pub fn forget(&self, id: UserId) {
        self.recent.forget(id);
    }

    async fn active_rights(
        &self,
        id: UserId,
        database: &Database,
        deadline: &Deadline,
    ) -> Result<Rights, Error> {
        let rights = (self.find_rights)(database, id, deadline).await?;
        let rights = rights.ok_or(Error::Unauthorized {
            reason: "unknown user",
        })?;
        if rights.is_active {
            Ok(rights)
        } else {
            Err(Error::Unauthorized {
                reason: "inactive user",
            })
        }
    }
}
