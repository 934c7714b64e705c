//! Requests of users who may not make them, for the log of changes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lambda_http::BoxFuture;

use crate::platform::{
    actor::Actor, database::Database, deadline::Deadline, freeze_proof_instant::FreezeProofInstant,
    user_id::UserId,
};

/// Within this time, the same user on the same route is noted once.
const PERIOD: Duration = Duration::from_mins(1);

/// More than an environment is likely to refuse within [`PERIOD`].
const MOST: usize = 1_024;

/// Notes that a user may not use a route. The platform does not know the table, so the caller passes the query,
/// which also looks at what other environments have noted.
pub type NoteForbidden =
    for<'a> fn(&'a Database, &'a Deadline, &'a Actor, &'a str) -> BoxFuture<'a, ()>;

/// Keeps one environment from noting the same refusal again and again.
pub(super) struct Refusals {
    note: NoteForbidden,
    recent: Mutex<HashMap<(UserId, String), FreezeProofInstant>>,
}

impl Refusals {
    pub(super) fn new(note: NoteForbidden) -> Self {
        Self {
            note,
            recent: Mutex::default(),
        }
    }

    /// Notes that `actor` may not use `route`, if it was not noted a moment ago.
    pub(super) async fn note(
        &self,
        database: &Database,
        deadline: &Deadline,
        actor: &Actor,
        route: &str,
    ) {
        if actor.is_logged && self.is_new(actor.id, route) {
            (self.note)(database, deadline, actor, route).await;
        }
    }

    fn is_new(&self, id: UserId, route: &str) -> bool {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= MOST {
            recent.clear();
        }
        let place = (id, route.to_owned());
        if recent.get(&place).is_some_and(|at| at.elapsed() < PERIOD) {
            return false;
        }
        recent.insert(place, FreezeProofInstant::now());
        true
    }
}
