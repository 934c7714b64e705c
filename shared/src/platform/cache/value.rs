//! A value that an environment keeps for a while.

use std::{future::Future, time::Duration};

use tokio::sync::Mutex;

use crate::platform::freeze_proof_instant::FreezeProofInstant;

/// Keeps one value for a while, and lets one caller at a time make a new one while the others wait
/// for it.
pub struct CachedValue<T> {
    lifetime: Duration,
    kept: Mutex<Option<(FreezeProofInstant, T)>>,
}

impl<T: Clone> CachedValue<T> {
    /// Keeps values for `lifetime`.
    #[must_use]
    pub fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            kept: Mutex::new(None),
        }
    }

    /// The kept value if it is fresh, else a new one. A failure is not kept.
    pub async fn get<E>(&self, make: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut kept = self.kept.lock().await;
        if let Some((made_at, value)) = kept.as_ref()
            && made_at.elapsed() < self.lifetime
        {
            return Ok(value.clone());
        }
        let value = make.await?;
        // Its age counts from the end of the making. Otherwise a value that takes longer to make than
        // it is kept would be made anew for everyone who waited for it.
        *kept = Some((FreezeProofInstant::now(), value.clone()));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future::ready,
        sync::atomic::{AtomicU32, Ordering},
    };

    use futures_util::future::join_all;
    use tokio::time::sleep;

    use super::*;

    fn answer(value: u32) -> impl Future<Output = Result<u32, Infallible>> {
        ready(Ok(value))
    }

    #[tokio::test]
    async fn a_fresh_value_is_given_again() {
        let cache = CachedValue::new(Duration::from_mins(1));
        assert_eq!(cache.get(answer(1)).await, Ok(1));
        assert_eq!(cache.get(answer(2)).await, Ok(1));
    }

    #[tokio::test]
    async fn a_lifetime_of_zero_keeps_nothing() {
        let cache = CachedValue::new(Duration::ZERO);
        assert_eq!(cache.get(answer(1)).await, Ok(1));
        assert_eq!(cache.get(answer(2)).await, Ok(2));
    }

    #[tokio::test]
    async fn all_who_wait_share_a_value_that_took_longer_to_make_than_it_is_kept() {
        let cache = CachedValue::new(Duration::from_millis(100));
        let made = AtomicU32::new(0);
        let get = || {
            cache.get(async {
                sleep(Duration::from_millis(200)).await;
                Ok::<_, Infallible>(made.fetch_add(1, Ordering::Relaxed))
            })
        };
        let given = join_all((0..8).map(|_| get())).await;
        assert_eq!(given, [Ok(0); 8]);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let cache = CachedValue::new(Duration::from_mins(1));
        assert_eq!(
            cache.get(async { Err::<u32, _>("down") }).await,
            Err("down")
        );
        assert_eq!(cache.get(answer(1)).await, Ok(1));
    }
}
