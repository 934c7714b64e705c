//! The keys that verify tokens, and how a rotation reaches a warm environment.
//!
//! The current and the previous version of the secret verify. A cold start fetches the current one
//! only, so it is as fast as with one key. Both are fetched when a token fits no known key: the
//! token may be signed with the previous key, with a newer one, or be forged.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::DecodingKey;
use lambda_http::BoxFuture;
use secrecy::SecretString;
use tokio::{sync::Mutex, time::timeout};
use tracing::Instrument;

use super::decoding_key::decoding_key;
use crate::platform::{
    config::{ConfigError, JwtAlgorithm},
    deadline::Deadline,
    error::{Error, chain},
    freeze_proof_instant::FreezeProofInstant,
    secrets::Versions,
};

/// How long after a fetch that found no new key the next one may begin. It bounds the fetches that
/// forged tokens cause, and how long they can delay the first tokens of a new key.
const FETCH_INTERVAL: Duration = Duration::from_secs(10);

/// How long a request waits for a fetch. The SDK needs up to a second to try again if its connection
/// broke while the environment was frozen.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long known keys are used before the next request has them fetched again in the background, so
/// that a key that was rotated out twice is refused even if no token of a newer key comes.
const MAX_AGE: Duration = Duration::from_mins(15);

/// Fetches a secret again.
pub type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<Versions, Error>> + Send + Sync>;

/// The key of tokens at the start of an environment.
pub struct KeySource {
    /// The key.
    pub key: SecretString,
    /// The variable that holds or names it.
    pub variable: &'static str,
    /// Where there may be a newer one.
    pub fetch: Option<Fetch>,
}

/// The keys of an environment.
pub(super) struct Keys {
    algorithm: JwtAlgorithm,
    variable: &'static str,
    fetch: Option<Fetch>,
    known: RwLock<Known>,
    /// When the last fetch began, unless it found a new key. The lock is held during a fetch.
    last_unchanged_fetch: Mutex<Option<FreezeProofInstant>>,
}

struct Known {
    /// The current one first.
    keys: Arc<[DecodingKey]>,
    checked: FreezeProofInstant,
}

impl Keys {
    pub(super) fn new(algorithm: JwtAlgorithm, source: KeySource) -> Result<Self, ConfigError> {
        let key = decoding_key(algorithm, &source.key, source.variable)?;
        Ok(Self {
            algorithm,
            variable: source.variable,
            fetch: source.fetch,
            known: RwLock::new(Known {
                keys: [key].into(),
                checked: FreezeProofInstant::now(),
            }),
            last_unchanged_fetch: Mutex::default(),
        })
    }

    /// The keys that are known.
    pub(super) fn known(&self) -> Arc<[DecodingKey]> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.keys)
    }

    /// The keys that replaced those that were `tried`, if the secret has others by now.
    pub(super) async fn newer_than(
        &self,
        tried: &Arc<[DecodingKey]>,
        deadline: &Deadline,
    ) -> Option<Arc<[DecodingKey]>> {
        // A request with little time left still gets its 401, and not a 504.
        let bound = FETCH_TIMEOUT.min(deadline.remaining() / 2);
        self.renew(tried, bound).await
    }

    /// Fetches the keys again in the background if they are old.
    pub(super) fn renew_if_old(self: &Arc<Self>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.fetch.is_none() || known.checked.elapsed() < MAX_AGE {
            return;
        }
        known.checked = FreezeProofInstant::now();
        let (keys, known) = (Arc::clone(self), Arc::clone(&known.keys));
        let renewal = async move { keys.renew(&known, FETCH_TIMEOUT).await };
        tokio::spawn(renewal.in_current_span());
    }

    async fn renew(
        &self,
        tried: &Arc<[DecodingKey]>,
        bound: Duration,
    ) -> Option<Arc<[DecodingKey]>> {
        let fetch = self.fetch.as_ref()?;
        let renewal = self.renew_once_for_all(tried, fetch);
        timeout(bound, renewal).await.unwrap_or_else(|_| {
            tracing::warn!("the key of tokens cannot be fetched again in time");
            None
        })
    }

    async fn renew_once_for_all(
        &self,
        tried: &Arc<[DecodingKey]>,
        fetch: &Fetch,
    ) -> Option<Arc<[DecodingKey]>> {
        let mut last_unchanged_fetch = self.last_unchanged_fetch.lock().await;
        let known = self.known();
        if !Arc::ptr_eq(&known, tried) {
            return Some(known);
        }
        if last_unchanged_fetch.is_some_and(|began| began.elapsed() < FETCH_INTERVAL) {
            return None;
        }
        // Set before the fetch, because the request may be dropped during it.
        *last_unchanged_fetch = Some(FreezeProofInstant::now());
        let versions = fetch().await.inspect_err(|error| {
            tracing::warn!(
                error = chain(error),
                "the key of tokens cannot be fetched again"
            );
        });
        let keys = self.read(&versions.ok()?)?;
        if is_same(&keys, &known) {
            return None;
        }
        if !is_same(&keys[..1], &known[..1]) {
            tracing::info!("the key of tokens was rotated");
            *last_unchanged_fetch = None;
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known {
            keys: Arc::clone(&keys),
            checked: FreezeProofInstant::now(),
        };
        Some(keys)
    }

    /// The keys of a secret, or `None` if the current one is invalid.
    fn read(&self, versions: &Versions) -> Option<Arc<[DecodingKey]>> {
        let read = |key| decoding_key(self.algorithm, key, self.variable);
        let current = match read(&versions.current) {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(
                    error = chain(&error),
                    "the new key of tokens is invalid; the known keys stay in use"
                );
                return None;
            }
        };
        let previous = versions.previous.as_ref().and_then(|key| {
            read(key)
                .inspect_err(|error| {
                    tracing::warn!(
                        error = chain(error),
                        "the previous key of tokens is invalid and is ignored"
                    );
                })
                .ok()
        });
        Some([current].into_iter().chain(previous).collect())
    }
}

fn is_same(some: &[DecodingKey], others: &[DecodingKey]) -> bool {
    let bytes = DecodingKey::try_get_as_bytes;
    some.iter().map(bytes).eq(others.iter().map(bytes))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A secret whose rotations a test makes.
    #[derive(Default)]
    struct Secret {
        rotations: AtomicU32,
        fetches: AtomicU32,
    }

    impl Secret {
        fn rotate(&self) {
            self.rotations.fetch_add(1, Ordering::SeqCst);
        }

        fn versions(&self) -> Versions {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            let number = self.rotations.load(Ordering::SeqCst);
            Versions {
                current: text(number),
                previous: number.checked_sub(1).map(text),
            }
        }

        fn fetches(&self) -> u32 {
            self.fetches.load(Ordering::SeqCst)
        }
    }

    fn text(number: u32) -> SecretString {
        format!("the-signing-secret-number-{number:03}-0123456789").into()
    }

    /// The keys of an environment that started before the first rotation.
    fn keys_of(secret: &Arc<Secret>) -> Arc<Keys> {
        let secret = Arc::clone(secret);
        let fetch: Fetch = Box::new(move || {
            let versions = secret.versions();
            Box::pin(async move { Ok(versions) })
        });
        let source = KeySource {
            key: text(0),
            variable: "JWT_SECRET_ARN",
            fetch: Some(fetch),
        };
        Arc::new(Keys::new(JwtAlgorithm::Hs256, source).unwrap())
    }

    async fn newer(keys: &Keys) -> bool {
        let deadline = Deadline::after(Duration::from_secs(28));
        keys.newer_than(&keys.known(), &deadline).await.is_some()
    }

    fn are(keys: &Keys, numbers: &[u32]) -> bool {
        let expected = numbers.iter().map(|&number| {
            decoding_key(JwtAlgorithm::Hs256, &text(number), "JWT_SECRET_ARN").unwrap()
        });
        is_same(&keys.known(), &expected.collect::<Vec<_>>())
    }

    #[tokio::test]
    async fn each_rotation_is_found_at_once_and_the_previous_key_stays() {
        let secret = Arc::default();
        let keys = keys_of(&secret);
        assert!(are(&keys, &[0]));
        for number in 1..=3 {
            secret.rotate();
            assert!(newer(&keys).await);
            assert!(are(&keys, &[number, number - 1]));
        }
        assert_eq!(secret.fetches(), 3);
    }

    #[tokio::test]
    async fn after_a_fetch_that_found_nothing_new_the_next_one_waits_for_an_interval() {
        let secret = Arc::default();
        let keys = keys_of(&secret);
        for _ in 0..1_000 {
            assert!(!newer(&keys).await);
        }
        assert_eq!(secret.fetches(), 1);
        secret.rotate();
        assert!(!newer(&keys).await);
        *keys.last_unchanged_fetch.lock().await = Some(FreezeProofInstant::ago(FETCH_INTERVAL));
        assert!(newer(&keys).await);
        assert!(are(&keys, &[1, 0]));
    }

    #[tokio::test]
    async fn a_previous_key_that_was_unknown_is_not_a_rotation() {
        let secret: Arc<Secret> = Arc::default();
        let keys = keys_of(&secret);
        // The environment starts with the current key alone, and a secret that was rotated before.
        secret.rotate();
        assert!(newer(&keys).await);
        keys.known.write().unwrap().keys = keys.known()[..1].into();
        assert!(newer(&keys).await);
        assert!(!newer(&keys).await);
        assert_eq!(secret.fetches(), 2);
    }

    #[tokio::test]
    async fn old_keys_are_fetched_again_in_the_background() {
        let secret = Arc::default();
        let keys = keys_of(&secret);
        for _ in 0..2 {
            secret.rotate();
        }
        keys.renew_if_old();
        tokio::task::yield_now().await;
        assert_eq!(secret.fetches(), 0, "they are new");

        keys.known.write().unwrap().checked = FreezeProofInstant::ago(MAX_AGE);
        for _ in 0..1_000 {
            keys.renew_if_old();
        }
        // With one thread, whatever was spawned has run by then.
        tokio::task::yield_now().await;
        assert_eq!(secret.fetches(), 1);
        assert!(are(&keys, &[2, 1]), "the first key is refused now");
    }
}
