//! Hashes passwords on all cores of the environment.

mod argon2id;
mod others;

use std::{
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use self::argon2id::Argon2id;
use crate::platform::{
    config::{BulkConfig, ConfigError, PasswordHash},
    deadline::Deadline,
    error::Error,
    idempotency::Fingerprint,
};
use argon2::Params;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::Semaphore,
    task::{JoinSet, spawn_blocking},
};

const OPERATION: &str = "hashing passwords";

/// Hashes with fixed parameters. Each hash waits for a permit, of which there is one for each core;
/// first come, first served.
#[derive(Clone)]
pub struct PasswordHasher {
    algorithm: PasswordHash,
    params: Params,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Argon2id>>>,
}

impl PasswordHasher {
    /// Counts the cores.
    pub fn new(config: &BulkConfig) -> Result<Self, ConfigError> {
        let argon2 = config.argon2;
        let params = Params::new(argon2.memory_kib, argon2.passes, argon2.lanes, None)
            .map_err(|error| ConfigError::new("ARGON2_MEMORY_KIB", error.to_string()))?;
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        Ok(Self {
            algorithm: config.password_hash,
            params,
            permits: Arc::new(Semaphore::new(cores)),
            idle: Arc::default(),
        })
    }

    /// Hashes all passwords, in their order. Fails with [`Error::Timeout`] as soon as the deadline has
    /// passed.
    pub async fn hash_all(
        &self,
        passwords: Vec<SecretString>,
        deadline: &Deadline,
    ) -> Result<Vec<String>, Error> {
        let mut finished = vec![String::new(); passwords.len()];
        let mut tasks = JoinSet::new();
        for (index, password) in passwords.into_iter().enumerate() {
            let (hasher, deadline) = (self.clone(), *deadline);
            tasks.spawn(async move {
                let algorithm = hasher.algorithm;
                let hash = move |argon2id: &mut Argon2id| {
                    if deadline.remaining().is_zero() {
                        return Err(Error::Timeout {
                            seconds: deadline.budget_in_seconds(),
                        });
                    }
                    let password = password.expose_secret();
                    others::hash(algorithm, password).unwrap_or_else(|| argon2id.hash(password))
                };
                Ok::<_, Error>((index, hasher.run(hash).await?))
            });
        }
        // An early return drops the set, and with it all tasks that have not begun.
        while let Some(task) = tasks.join_next().await {
            let (index, hash) = task.map_err(|error| Error::internal(OPERATION, error))??;
            finished[index] = hash;
        }
        Ok(finished)
    }

    /// A fingerprint that costs as much to guess as a password.
    pub async fn stretch(
        &self,
        fingerprint: Fingerprint,
        salt: Fingerprint,
    ) -> Result<Fingerprint, Error> {
        let tag = self
            .run(move |argon2id| argon2id.tag(fingerprint.as_bytes(), salt.as_bytes()))
            .await?;
        Ok(Fingerprint::from_bytes(tag))
    }

    /// As long as a hash, and the hash of no password.
    #[must_use]
    pub fn placeholder(&self) -> String {
        argon2id::placeholder(&self.params)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Argon2id) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|error| Error::internal(OPERATION, error))?;
        let (params, idle) = (self.params.clone(), Arc::clone(&self.idle));
        let worked = spawn_blocking(move || {
            let hasher = lock(&idle).pop();
            let mut hasher = hasher.unwrap_or_else(|| Argon2id::new(&params));
            let outcome = work(&mut hasher);
            lock(&idle).push(hasher);
            drop(permit);
            outcome
        });
        worked
            .await
            .map_err(|error| Error::internal(OPERATION, error))?
    }
}

fn lock(idle: &Mutex<Vec<Argon2id>>) -> MutexGuard<'_, Vec<Argon2id>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash as Phc};

    use super::*;
    use crate::platform::config::Argon2Config;

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(&BulkConfig {
            max_rows: 1,
            max_passwords: 1,
            password_hash: PasswordHash::Argon2id,
            argon2: Argon2Config {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
            },
        })
        .unwrap()
    }

    fn passwords(count: usize) -> Vec<SecretString> {
        (0..count)
            .map(|number| format!("password {number}").into())
            .collect()
    }

    #[tokio::test]
    async fn every_password_gets_its_own_hash() {
        let deadline = Deadline::after(Duration::from_mins(1));
        let hasher = hasher();
        for count in [1, 2, 25] {
            let finished = hasher.hash_all(passwords(count), &deadline).await.unwrap();
            assert_eq!(finished.len(), count);
            for (number, hash) in finished.iter().enumerate() {
                let hash = Phc::new(hash).unwrap();
                let password = format!("password {number}");
                assert!(
                    Argon2::default()
                        .verify_password(password.as_bytes(), &hash)
                        .is_ok()
                );
            }
        }
    }

    #[tokio::test]
    async fn the_memory_of_no_more_hashes_is_kept_than_there_are_cores() {
        let deadline = Deadline::after(Duration::from_mins(1));
        let hasher = hasher();
        let cores = hasher.permits.available_permits();
        hasher.hash_all(passwords(50), &deadline).await.unwrap();
        assert!((1..=cores).contains(&lock(&hasher.idle).len()));
        assert_eq!(hasher.permits.available_permits(), cores);
    }

    #[tokio::test]
    async fn no_password_is_hashed_after_the_deadline() {
        let deadline = Deadline::after(Duration::ZERO);
        let error = hasher().hash_all(passwords(3), &deadline).await;
        assert!(matches!(error, Err(Error::Timeout { .. })), "{error:?}");
    }
}
