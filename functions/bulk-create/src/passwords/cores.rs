//! What there is to hash on.

use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use argon2::Params;
use shared::platform::error::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::argon2id::Argon2id;

/// The cores of the environment, for all its requests together.
pub(super) struct Cores {
    pub(super) count: usize,
    permits: Arc<Semaphore>,
    at_rest: Arc<AtRest>,
}

/// Hashers that nobody uses, at most one a core. They are kept, because the allocator would keep what
/// they free for each of many threads, three times over.
type AtRest = Mutex<Vec<Argon2id>>;

/// One core, as long as it is held.
pub(super) struct Core {
    hasher: Option<Argon2id>,
    at_rest: Arc<AtRest>,
    /// Dropped last, after the hasher was put back.
    _permit: OwnedSemaphorePermit,
}

impl Cores {
    pub(super) fn count() -> Self {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            count,
            permits: Arc::new(Semaphore::new(count)),
            at_rest: Arc::default(),
        }
    }

    /// Waits until a core is free. This never blocks a thread.
    pub(super) fn take(&self) -> impl Future<Output = Result<Core, Error>> + Send + use<> {
        let permits = Arc::clone(&self.permits);
        let at_rest = Arc::clone(&self.at_rest);
        async move {
            let permit = permits.acquire_owned().await;
            let permit = permit.map_err(|error| Error::internal("waiting for a core", error))?;
            let hasher = lock(&at_rest).pop();
            Ok(Core {
                hasher,
                at_rest,
                _permit: permit,
            })
        }
    }
}

impl Core {
    /// Its hasher. The first time, the memory is taken from the system: not for an async thread.
    pub(super) fn hasher(&mut self, params: &Params) -> &mut Argon2id {
        self.hasher.get_or_insert_with(|| Argon2id::new(params))
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        lock(&self.at_rest).extend(self.hasher.take());
    }
}

fn lock(at_rest: &AtRest) -> MutexGuard<'_, Vec<Argon2id>> {
    at_rest.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn there_is_never_more_than_one_hasher_a_core() {
        let cores = Cores::count();
        let params = Params::new(64, 1, 1, None).unwrap();
        let mut threads = JoinSet::new();
        for _ in 0..20 * cores.count {
            let (core, params) = (cores.take(), params.clone());
            threads.spawn(async move {
                let mut core = core.await.unwrap();
                tokio::task::spawn_blocking(move || memory_of(&mut core, &params))
                    .await
                    .unwrap()
            });
        }
        let used: HashSet<usize> = threads.join_all().await.into_iter().collect();
        assert!(used.len() <= cores.count, "{used:?}");
        assert_eq!(lock(&cores.at_rest).len(), used.len());
    }

    /// Where the hasher's memory is.
    fn memory_of(core: &mut Core, params: &Params) -> usize {
        let hasher = core.hasher(params);
        hasher.hash("correct horse").unwrap();
        hasher.address()
    }
}
