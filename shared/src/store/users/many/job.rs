//! A change of many users, and what became of it.

use serde_json::Value;
use sqlx::FromRow;

use crate::users::{ExactValue, Filter, UserId};

/// Which users are meant.
#[derive(Debug)]
pub enum Selection {
    /// Those with these ids.
    Ids(Vec<UserId>),
    /// Those with these emails, compared without regard to case.
    Emails(Vec<ExactValue>),
    /// Those that pass a filter, in the order of ids.
    Filter {
        /// Which.
        filter: Box<Filter>,
        /// Only those with higher ids.
        after: Option<UserId>,
        /// How many there have to be; with another number nothing is done.
        expected: Option<u64>,
    },
}

impl Selection {
    /// How many users are written at most, as far as the caller knows.
    pub(super) fn most(&self) -> usize {
        match self {
            Self::Ids(ids) => ids.len(),
            Self::Emails(emails) => emails.len(),
            Self::Filter { expected, .. } => {
                expected.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX))
            }
        }
    }
}

/// A change of many users.
#[derive(Debug)]
pub struct ManyJob {
    /// Who is meant.
    pub selection: Selection,
    /// How many users of a filter are taken at once.
    pub limit: usize,
    /// What the entry of the log says beside the numbers.
    pub said: Value,
}

/// What became of many users.
#[derive(Debug)]
pub struct ManyChanged {
    /// How many users are meant.
    pub count: u64,
    /// Whether a trigger of the table left some as they were that were to be changed.
    pub is_altered: bool,
    /// Each of those that were taken, in the order of ids.
    pub users: Vec<ChosenUser>,
}

/// What became of one of them.
#[derive(Debug, FromRow)]
pub struct ChosenUser {
    /// The id.
    pub id: UserId,
    /// The places, counted from 1, where the selection names the user.
    pub positions: Vec<i64>,
    pub(super) outcome: String,
}

/// What becomes of one user of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManyOutcome {
    /// The user was changed or deleted.
    Done,
    /// The user was so already.
    Unchanged,
    /// The user is the one who asks.
    OwnRights,
    /// No active superuser would be left.
    LastSuperuser,
    /// Rows of other tables refer to the user.
    Referenced,
}

impl ChosenUser {
    /// What became of the user.
    #[must_use]
    pub fn outcome(&self) -> ManyOutcome {
        match self.outcome.as_str() {
            "unchanged" => ManyOutcome::Unchanged,
            "self" => ManyOutcome::OwnRights,
            "last_superuser" => ManyOutcome::LastSuperuser,
            "referenced" => ManyOutcome::Referenced,
            _ => ManyOutcome::Done,
        }
    }
}
