//! A value that an environment keeps for a while.

use std::{future::Future, time::Duration};

use tokio::sync::Mutex;

use super::Aged;
use crate::moment::Moment;

/// Keeps one value for a while, and lets one caller at a time make a new one while the others wait
/// for it.
pub struct CachedValue<T> {
    lifetime: Duration,
    kept: Mutex<Option<(Moment, T)>>,
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

    /// The kept value if it is young enough, else a new one. A failure is not kept.
    pub async fn get<E>(&self, make: impl Future<Output = Result<T, E>>) -> Result<Aged<T>, E> {
        let mut kept = self.kept.lock().await;
        if let Some((made_at, value)) = kept.as_ref() {
            let age = made_at.elapsed();
            if age < self.lifetime {
                let value = value.clone();
                return Ok(Aged { value, age });
            }
        }
        // Dated before the making begins: the value may describe any moment since.
        let made_at = Moment::now();
        let value = make.await?;
        *kept = Some((made_at, value.clone()));
        Ok(Aged {
            value,
            age: Duration::ZERO,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::ready};

    use super::*;

    fn answer(value: u32) -> impl Future<Output = Result<u32, Infallible>> {
        ready(Ok(value))
    }

    #[tokio::test]
    async fn a_young_value_is_given_again() {
        let cache = CachedValue::new(Duration::from_mins(1));
        assert_eq!(cache.get(answer(1)).await.unwrap().value, 1);
        assert_eq!(cache.get(answer(2)).await.unwrap().value, 1);
    }

    #[tokio::test]
    async fn a_lifetime_of_zero_keeps_nothing() {
        let cache = CachedValue::new(Duration::ZERO);
        assert_eq!(cache.get(answer(1)).await.unwrap().value, 1);
        assert_eq!(cache.get(answer(2)).await.unwrap().value, 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let cache = CachedValue::new(Duration::from_mins(1));
        assert_eq!(
            cache.get(async { Err::<u32, _>("down") }).await,
            Err("down")
        );
        assert_eq!(cache.get(answer(1)).await.unwrap().value, 1);
    }
}
