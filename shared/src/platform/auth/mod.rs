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
mod subject;
mod superusers;
mod token;

use lambda_http::Request;
use tracing::{Span, field::display};

pub use self::{
    keys::{Fetch, KeySource},
    rights::{Caller, FindRights, Rights},
    subject::{Subject, SubjectKey},
    superusers::REMEMBERED,
};
use self::{superusers::RecentSuperusers, token::TokenVerifier};
use crate::platform::{
    config::{AuthConfig, ConfigError, JwtConfig, RequiredClaim, SubjectConfig},
    database::reader::Reader,
    deadline::Deadline,
    error::Error,
    user_id::UserId,
};

/// Decides who may call.
pub struct Authenticator {
    identity: IdentitySource,
    required_claims: Vec<RequiredClaim>,
    subject: SubjectConfig,
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
            subject: config.subject.clone(),
            find_rights,
            recent: RecentSuperusers::default(),
        }
    }

    /// Who sent this request, as a verified token says.
    ///
    /// Fails with [`Error::Unauthorized`] if there is no such token.
    pub async fn subject(&self, request: &Request, deadline: &Deadline) -> Result<Subject, Error> {
        let claims = match &self.identity {
            IdentitySource::Token(verifier) => verifier.claims(request, deadline).await?,
            IdentitySource::Gateway => gateway::claims(request)?,
        };
        claims.subject(&self.required_claims, &self.subject)
    }

    /// The id of the user, who is active, and whether they are superuser.
    ///
    /// Fails with [`Error::Unauthorized`] if nobody known and active is meant.
    pub async fn find_superuser(
        &self,
        subject: &Subject,
        reader: &Reader,
        deadline: &Deadline,
    ) -> Result<(UserId, bool), Error> {
        if let Some(id) = self.recent.find(subject) {
            log_caller(id);
            return Ok((id, true));
        }
        let is_enough = |rights: Rights| rights.is_superuser || subject.is_superuser;
        let caller = self
            .active_caller(subject, is_enough, reader, deadline)
            .await?;
        let is_superuser = is_enough(caller.rights);
        if is_superuser {
            self.recent.remember(subject, caller.id);
        }
        Ok((caller.id, is_superuser))
    }

    /// The id of the user, who is active.
    ///
    /// Fails with [`Error::Unauthorized`] if nobody known and active is meant.
    pub async fn require_active(
        &self,
        subject: &Subject,
        reader: &Reader,
        deadline: &Deadline,
    ) -> Result<UserId, Error> {
        if let Some(id) = self.recent.find(subject) {
            log_caller(id);
            return Ok(id);
        }
        let caller = self
            .active_caller(subject, |_| true, reader, deadline)
            .await?;
        Ok(caller.id)
    }

    /// Forgets that a user had a right which may have been taken away.
    pub fn forget(&self, id: UserId) {
        self.recent.forget(id);
    }

    /// The user that is meant, who is active. A replica that does not know that they have `is_enough` rights may
    /// be behind, so that the primary is asked.
    async fn active_caller(
        &self,
        subject: &Subject,
        is_enough: impl Fn(Rights) -> bool,
        reader: &Reader,
        deadline: &Deadline,
    ) -> Result<Caller, Error> {
        let is_admitted = |caller: &Caller| caller.rights.is_active && is_enough(caller.rights);
        let mut found = None;
        if reader.may_be_behind() && !self.recent.has_forgotten() {
            found = (self.find_rights)(reader, &subject.key, deadline)
                .await?
                .filter(is_admitted);
        }
        if found.is_none() {
            found = (self.find_rights)(&reader.at_primary(), &subject.key, deadline).await?;
        }
        let caller = found.ok_or(Error::Unauthorized {
            reason: "unknown user",
        })?;
        log_caller(caller.id);
        if caller.rights.is_active {
            Ok(caller)
        } else {
            Err(Error::Unauthorized {
                reason: "inactive user",
            })
        }
    }
}

/// Every line about the request has the id from here on, also where the caller is refused.
fn log_caller(id: UserId) {
    Span::current().record("caller_id", display(id));
}
