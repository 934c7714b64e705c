//! A value that the environment keeps, and all environments together.

use std::{future::Future, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

use super::{
    age::{Aged, Lifetimes},
    shared_level::SharedLevel,
};
use crate::platform::{
    error::{Error, Reason, Unavailable, chain},
    freeze_proof_instant::FreezeProofInstant,
    metrics,
    valkey::{TimeBudget, Valkey},
};

/// After the database failed, this is how long an old value is given before it is asked again: each
/// attempt may cost the caller seconds.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How new a value the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// As old as [`Lifetimes`] allow.
    Cached,
    /// Of this moment.
    New,
}

/// One value on two levels: in this environment, and in a Valkey server if there is one.
///
/// Within an environment one caller at a time looks for a value, and the others wait for it and share
/// what comes of it. Among environments, the server tells one to make it; the others wait for it a moment. A server that is
/// of no use leaves each environment to itself.
pub struct TwoLevelCache<T> {
    lifetimes: Lifetimes,
    own: Mutex<Own<T>>,
    shared: Option<SharedLevel>,
}

struct Own<T> {
    kept: Option<(FreezeProofInstant, T)>,
    failed_at: Option<FreezeProofInstant>,
}

impl<T: Clone + Serialize + DeserializeOwned> TwoLevelCache<T> {
    /// `group` and `version` name the value in the server: another version for another meaning.
    #[must_use]
    pub fn new(lifetimes: Lifetimes, valkey: Option<Valkey>, group: &str, version: u32) -> Self {
        Self {
            lifetimes,
            own: Mutex::new(Own {
                kept: None,
                failed_at: None,
            }),
            shared: valkey
                .filter(|_| !lifetimes.fresh.is_zero())
                .map(|valkey| SharedLevel::new(valkey, group, version)),
        }
    }

    /// The value. If none is fresh, `make` makes a new one, which both levels keep.
    ///
    /// If it cannot, for a reason that may pass, an older value is given within the bound, unless a
    /// new one was wanted.
    pub async fn get(
        &self,
        budget: &TimeBudget,
        wanted: Wanted,
        make: impl Future<Output = Result<T, Error>>,
    ) -> Result<Aged<T>, Error> {
        let asked_at = FreezeProofInstant::now();
        let mut own = self.own.lock().await;
        if let Some(aged) = own.made_since(asked_at) {
            metrics::count(metrics::CACHE_HITS);
            return Ok(aged);
        }
        if wanted == Wanted::Cached
            && let Some(aged) = own.fresh(self.lifetimes)
        {
            metrics::count(if aged.age < self.lifetimes.fresh {
                metrics::CACHE_HITS
            } else {
                metrics::CACHE_STALE
            });
            return Ok(aged);
        }
        // The next attempt would probably take as long and fail as well.
        if own.has_failed_since(asked_at) {
            return Err(Error::DatabaseUnavailable(Unavailable::without_source(
                Reason::Timeout,
            )));
        }
        let mut is_locked = false;
        if wanted == Wanted::Cached
            && let Some(shared) = &self.shared
        {
            let found = shared.find_or_lock(budget, self.lifetimes).await;
            is_locked = found.is_locked;
            let is_fresh = found.is_fresh(self.lifetimes.fresh);
            if let Some(stored) = found.stored {
                own.keep_newer(&stored);
                if is_fresh {
                    metrics::count(metrics::CACHE_HITS);
                    return Ok(stored);
                }
            }
        }
        // Dated before the making begins: the value may describe any moment since.
        let made_at = FreezeProofInstant::now();
        match make.await {
            Ok(value) => {
                own.failed_at = None;
                own.kept = Some((made_at, value.clone()));
                if let Some(shared) = &self.shared {
                    let aged = Aged {
                        value: value.clone(),
                        age: made_at.elapsed(),
                    };
                    shared.store(budget, &aged, self.lifetimes).await;
                }
                Ok(Aged {
                    value,
                    age: Duration::ZERO,
                })
            }
            Err(error) => {
                if is_locked && let Some(shared) = &self.shared {
                    shared.give_up(budget).await;
                }
                if !may_pass(&error) {
                    return Err(error);
                }
                own.failed_at = Some(FreezeProofInstant::now());
                if wanted == Wanted::New {
                    return Err(error);
                }
                own.stale_in_place_of(error, self.lifetimes)
            }
        }
    }
}

impl<T: Clone> Own<T> {
    /// The kept value, if its making began while the caller waited: it is as new as one of the
    /// caller's own would be.
    fn made_since(&self, asked_at: FreezeProofInstant) -> Option<Aged<T>> {
        self.kept_within(asked_at.elapsed())
    }

    fn has_failed_since(&self, asked_at: FreezeProofInstant) -> bool {
        self.failed_at
            .is_some_and(|failed_at| failed_at.elapsed() < asked_at.elapsed())
    }

    /// The kept value if it is fresh, or if it is all that is to be had for a while.
    fn fresh(&self, lifetimes: Lifetimes) -> Option<Aged<T>> {
        let has_failed = self
            .failed_at
            .is_some_and(|moment| moment.elapsed() < RETRY_AFTER);
        // Where nothing is to be cached, nothing old is given either.
        let bound = if has_failed && !lifetimes.fresh.is_zero() {
            lifetimes.fresh + lifetimes.stale
        } else {
            lifetimes.fresh
        };
        self.kept_within(bound)
    }

    fn kept_within(&self, bound: Duration) -> Option<Aged<T>> {
        let (made_at, value) = self.kept.as_ref()?;
        let age = made_at.elapsed();
        (age < bound).then(|| Aged {
            value: value.clone(),
            age,
        })
    }

    fn keep_newer(&mut self, stored: &Aged<T>) {
        let is_newer = self
            .kept
            .as_ref()
            .is_none_or(|(made_at, _)| stored.age < made_at.elapsed());
        if is_newer {
            self.kept = Some((FreezeProofInstant::ago(stored.age), stored.value.clone()));
        }
    }

    fn stale_in_place_of(&self, error: Error, lifetimes: Lifetimes) -> Result<Aged<T>, Error> {
        if lifetimes.fresh.is_zero() {
            return Err(error);
        }
        let Some(aged) = self.kept_within(lifetimes.fresh + lifetimes.stale) else {
            return Err(error);
        };
        tracing::warn!(
            error = chain(&error),
            "an old value is given in place of a new one"
        );
        metrics::count(metrics::CACHE_STALE);
        Ok(aged)
    }
}

fn may_pass(error: &Error) -> bool {
    matches!(error, Error::DatabaseUnavailable(_) | Error::Timeout { .. })
}
