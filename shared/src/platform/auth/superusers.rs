//! Users that were superusers a moment ago.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::REMEMBERED;
use crate::platform::moment::Moment;

/// An environment seldom meets more superusers than this in half a minute; beyond it, the database
/// is asked more often.
const MOST: usize = 1_024;

/// Remembers positive answers only: a user who gains the right has it at once.
#[derive(Default)]
pub(super) struct RecentSuperusers(Mutex<HashMap<i64, Moment>>);

impl RecentSuperusers {
    pub(super) fn contains(&self, id: i64) -> bool {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .get(&id)
            .is_some_and(|seen| seen.elapsed() < REMEMBERED)
    }

    pub(super) fn remember(&self, id: i64) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MOST {
            recent.clear();
        }
        recent.insert(id, Moment::now());
    }
}
