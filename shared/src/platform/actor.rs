//! Who acts.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{consistency_token::ConsistencyToken, user_id::UserId};

/// The user who acts, and the request by which they do.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user.
    pub id: UserId,
    /// The id under which the request is in the log, and in the answer's `X-Request-Id`.
    pub request_id: String,
    /// Where the request came from, as the gateway says.
    pub source_address: Option<IpAddr>,
    /// Whether the log of changes is told.
    pub is_logged: bool,
    /// What they have written by it.
    pub written: Written,
}

/// The transaction that a request has committed last.
#[derive(Debug, Clone, Default)]
pub struct Written(Arc<AtomicU64>);

impl Written {
    /// Notes a transaction that was committed, by this request or by an earlier one with the same key.
    pub fn note(&self, token: ConsistencyToken) {
        self.0.store(token.transaction(), Ordering::Relaxed);
    }

    /// The token of the transaction, if there was one that wrote anything.
    #[must_use]
    pub fn token(&self) -> Option<ConsistencyToken> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            id => Some(ConsistencyToken::of_transaction(id)),
        }
    }
}
