//! Users that were superusers a moment ago.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::subject::{Subject, SubjectKey};
use crate::platform::{freeze_proof_instant::FreezeProofInstant, user_id::UserId};

/// How long a revoked right may stay effective in a warm environment.
pub const REMEMBERED: Duration = Duration::from_secs(30);

/// An environment seldom meets more superusers than this in half a minute; beyond it, the database
/// is asked more often.
const MOST: usize = 1_024;

/// Remembers positive answers only: a user who gains the right has it at once.
#[derive(Default)]
pub(super) struct RecentSuperusers {
    seen: Mutex<HashMap<SubjectKey, Seen>>,
    forgotten_at: Mutex<Option<FreezeProofInstant>>,
}

/// A superuser, and whether only the token said so: another token of the same user may not.
struct Seen {
    id: UserId,
    is_by_token: bool,
    at: FreezeProofInstant,
}

impl RecentSuperusers {
    /// The id of a subject that was a superuser a moment ago.
    pub(super) fn find(&self, subject: &Subject) -> Option<UserId> {
        let recent = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = recent.get(&subject.key)?;
        let is_superuser = !seen.is_by_token || subject.is_superuser;
        (is_superuser && seen.at.elapsed() < REMEMBERED).then_some(seen.id)
    }

    pub(super) fn remember(&self, subject: &Subject, id: UserId) {
        let mut recent = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MOST {
            recent.clear();
        }
        let seen = Seen {
            id,
            is_by_token: subject.is_superuser,
            at: FreezeProofInstant::now(),
        };
        recent.insert(subject.key.clone(), seen);
    }

    pub(super) fn forget(&self, id: UserId) {
        let mut recent = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, seen| seen.id != id);
        drop(recent);
        *self.forgotten_at() = Some(FreezeProofInstant::now());
    }

    /// Whether a right was taken away so lately that a replica may not know.
    pub(super) fn has_forgotten(&self) -> bool {
        self.forgotten_at()
            .is_some_and(|at| at.elapsed() < REMEMBERED)
    }

    fn forgotten_at(&self) -> MutexGuard<'_, Option<FreezeProofInstant>> {
        self.forgotten_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
