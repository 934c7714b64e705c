//! The level that environments share.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use super::age::{Aged, Lifetimes};
use crate::platform::valkey::{Script, TimeBudget, Valkey};

/// How long the lock on making a value lasts. An environment that dies over
/// it delays the next value by no more, and one that takes longer is helped by another.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the others wait for the value before they make their own: this many times what they may
/// spend on the server, which is 100 ms unless configured. The query for the
/// dashboard's numbers takes about a millisecond.
const WAIT: u32 = 2;

/// How often they look meanwhile.
const LOOK: Duration = Duration::from_millis(10);

/// One value in the server.
pub(super) struct SharedLevel {
    valkey: Valkey,
    keys: Vec<String>,
}

/// What the server knows.
pub(super) struct Found<T> {
    /// The stored value, however old.
    pub(super) stored: Option<Aged<T>>,
    /// Whether this environment has promised to make a new one.
    pub(super) is_locked: bool,
}

impl SharedLevel {
    /// `group` and `version` name the value; another version is another value.
    pub(super) fn new(valkey: Valkey, group: &str, version: u32) -> Self {
        let keys = ["value", "mark"]
            .map(|kind| valkey.key(&format!("{{{group}}}:{kind}:{version}")))
            .into();
        Self { valkey, keys }
    }

    /// The stored value, after a short wait for the environment that is making one. Nothing, if the server is of
    /// no use.
    pub(super) async fn find_or_lock<T: DeserializeOwned>(
        &self,
        budget: &TimeBudget,
        lifetimes: Lifetimes,
    ) -> Found<T> {
        let looks = (WAIT * budget.whole()).as_millis() / LOOK.as_millis();
        let mut found = self.look(budget, lifetimes.fresh).await;
        for _ in 0..looks {
            match &found {
                Some(found) if !found.is_locked && !found.is_fresh(lifetimes.fresh) => {}
                _ => break,
            }
            tokio::time::sleep(LOOK).await;
            match self.look(budget, lifetimes.fresh).await {
                None => break,
                looked => found = looked,
            }
        }
        found.unwrap_or(Found {
            stored: None,
            is_locked: false,
        })
    }

    async fn look<T: DeserializeOwned>(
        &self,
        budget: &TimeBudget,
        fresh: Duration,
    ) -> Option<Found<T>> {
        let script = Script {
            code: include_str!("find_or_lock.lua"),
            keys: self.keys.clone(),
            arguments: vec![milliseconds(fresh), milliseconds(LOCK_TIMEOUT)],
        };
        // What went wrong has been logged and counted.
        let (is_locked, age_ms, text): (bool, i64, String) =
            self.valkey.run(budget, &script).await.ok()?;
        let age = u64::try_from(age_ms).ok().map(Duration::from_millis);
        Some(Found {
            stored: age.and_then(|age| {
                let value = serde_json::from_str(&text).ok()?;
                Some(Aged { value, age })
            }),
            is_locked,
        })
    }

    /// Stores a value that was made `age` ago, and releases the lock.
    pub(super) async fn store<T: Serialize>(
        &self,
        budget: &TimeBudget,
        made: &Aged<T>,
        lifetimes: Lifetimes,
    ) {
        let Ok(text) = serde_json::to_string(&made.value) else {
            return;
        };
        let script = Script {
            code: include_str!("store.lua"),
            keys: self.keys.clone(),
            arguments: vec![
                milliseconds(made.age),
                text,
                milliseconds(lifetimes.fresh + lifetimes.stale),
            ],
        };
        // Without it the next environment makes its own; what went wrong has been logged.
        let _ = self.valkey.run::<u8>(budget, &script).await;
    }

    /// Releases the lock of an environment that could not make a value.
    pub(super) async fn give_up(&self, budget: &TimeBudget) {
        let script = Script {
            code: "return redis.call('DEL', KEYS[1])",
            keys: self.keys[1..].to_vec(),
            arguments: vec![],
        };
        // The lock expires by itself, only later.
        let _ = self.valkey.run::<u8>(budget, &script).await;
    }
}

impl<T> Found<T> {
    pub(super) fn is_fresh(&self, fresh: Duration) -> bool {
        self.stored
            .as_ref()
            .is_some_and(|stored| stored.age < fresh)
    }
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().to_string()
}
