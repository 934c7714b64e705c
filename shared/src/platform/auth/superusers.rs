//! Users that were superusers a moment ago.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::platform::{freeze_proof_instant::FreezeProofInstant, user_id::UserId};

/// How long a revoked right may stay effective in a warm environment.
pub const REMEMBERED: Duration = Duration::from_secs(30);

/// An environment seldom meets more superusers than this in half a minute; beyond it, the database
/// is asked more often.
const MOST: usize = 1_024;

/// Remembers positive answers only: a user who gains the right has it at once.
#[derive(Default)]
pub(super) struct RecentSuperusers(Mutex<HashMap<UserId, FreezeProofInstant>>);

impl RecentSuperusers {
    pub(super) fn contains(&self, id: UserId) -> bool {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .get(&id)
            .is_some_and(|seen| seen.elapsed() < REMEMBERED)
    }

    pub(super) fn remember(&self, id: UserId) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MOST {
            recent.clear();
        }
        recent.insert(id, FreezeProofInstant::now());
    }

    pub(super) fn forget(&self, id: UserId) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.remove(&id);
    }
}
