//! A transaction, and how it ends.

use std::ops::{Deref, DerefMut};

use sqlx::PgConnection;

use super::lease::Lease;
use crate::platform::{actor::Actor, error::Error};

/// A connection on which a transaction has begun.
///
/// It knows who acts and for which request, for whatever has to be written beside the change itself.
pub struct Transaction {
    pub(super) lease: Lease,
    pub(super) actor: Actor,
}

/// How work in a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionOutcome<T> {
    /// It stays.
    Commit(T),
    /// None of it stays.
    RollBack(T),
    /// None of it stays, and it should be begun anew, because others changed what it had found.
    TryAgain,
}

/// Why work in a transaction ends early. None of it stays.
#[derive(Debug)]
pub enum Abort {
    /// A statement failed.
    Query(sqlx::Error),
    /// The request cannot be answered as asked.
    Refuse(Error),
}

impl From<sqlx::Error> for Abort {
    fn from(error: sqlx::Error) -> Self {
        Self::Query(error)
    }
}

impl From<Error> for Abort {
    fn from(error: Error) -> Self {
        Self::Refuse(error)
    }
}

/// What to do with work of which nobody can tell whether it was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnAmbiguousCommit {
    /// Tell the caller.
    Fail,
    /// Do it again: it finds out by itself what was done before.
    TryAgain,
}

impl OnAmbiguousCommit {
    /// What is right for a request, which finds out what was done before if it has a key.
    #[must_use]
    pub fn with_key(has_key: bool) -> Self {
        if has_key { Self::TryAgain } else { Self::Fail }
    }
}

impl Transaction {
    /// Who acts, and for which request.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.lease
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.lease
    }
}
