//! All cores of the environment, for hashing.

use std::{
    ops::Range,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use argon2::Params;
use secrecy::{ExposeSecret, SecretString};
use shared::platform::{
    config::{Argon2Config, ConfigError},
    deadline::Deadline,
    error::Error,
    idempotency::Fingerprint,
};
use tokio::task::{JoinSet, spawn_blocking};

use super::{
    argon2id,
    cores::{Core, Cores},
    rate::HashRate,
};

const OPERATION: &str = "hashing passwords";

/// Hashes passwords on all cores, beside the async threads, as long as there is time for it.
pub(crate) struct Hasher {
    params: Params,
    /// Counted when the first password comes: asking the system takes a tenth of a start.
    cores: LazyLock<Cores>,
    rate: Arc<HashRate>,
    /// Hashes that were promised and are not done.
    promised: Arc<AtomicUsize>,
}

/// Passwords on their way.
struct Batch {
    passwords: Vec<SecretString>,
    next: AtomicUsize,
    end: usize,
}

impl Hasher {
    pub(crate) fn new(config: Argon2Config) -> Result<Self, ConfigError> {
        let params = Params::new(config.memory_kib, config.passes, config.lanes, None)
            .map_err(|error| ConfigError::new("ARGON2_MEMORY_KIB", error.to_string()))?;
        Ok(Self {
            params,
            cores: LazyLock::new(Cores::count),
            rate: Arc::default(),
            promised: Arc::default(),
        })
    }

    /// Hashes all passwords, in their order, or refuses at once if that and writing `rows` rows would
    /// not be done by the deadline.
    ///
    /// When the request's deadline drops this future, hashing stops after the hashes in progress.
    pub(crate) async fn hash_all(
        &self,
        mut passwords: Vec<SecretString>,
        rows: usize,
        deadline: &Deadline,
    ) -> Result<Vec<String>, Error> {
        let mut hashes = self.measure(&mut passwords).await?;
        let _promise = self.promise(passwords.len(), hashes.len(), rows, deadline)?;
        hashes.extend(self.run(passwords).await?);
        Ok(hashes)
    }

    /// Refuses what [`Self::hash_all`] would, without hashing all.
    pub(crate) async fn check(
        &self,
        mut passwords: Vec<SecretString>,
        rows: usize,
        deadline: &Deadline,
    ) -> Result<(), Error> {
        let hashes = self.measure(&mut passwords).await?;
        self.promise(passwords.len(), hashes.len(), rows, deadline)
            .map(drop)
    }

    /// What stands for a hash in a dry run: the table may not take one of that length.
    pub(crate) fn placeholder(&self) -> String {
        argon2id::placeholder(&self.params)
    }

    /// In an environment that has never hashed, takes and hashes a password for every core, to find
    /// out how fast it is.
    async fn measure(&self, passwords: &mut Vec<SecretString>) -> Result<Vec<String>, Error> {
        if self.rate.is_known() {
            return Ok(Vec::new());
        }
        let first = self.cores.count.min(passwords.len());
        self.run(passwords.drain(..first).collect()).await
    }

    /// A fingerprint that says no more about what it was made of than a password's hash does.
    pub(crate) async fn stretch(
        &self,
        fingerprint: Fingerprint,
        salt: Fingerprint,
    ) -> Result<Fingerprint, Error> {
        let mut core = self.cores.take().await?;
        let params = self.params.clone();
        let stretched = spawn_blocking(move || {
            core.hasher(&params)
                .tag(fingerprint.as_bytes(), salt.as_bytes())
        });
        let tag = stretched
            .await
            .map_err(|error| Error::internal(OPERATION, error))??;
        Ok(Fingerprint::from_bytes(tag))
    }

    fn promise(
        &self,
        wanted: usize,
        done: usize,
        rows: usize,
        deadline: &Deadline,
    ) -> Result<Promise, Error> {
        let before = self.promised.fetch_add(wanted, Ordering::Relaxed);
        let promise = Promise {
            promised: Arc::clone(&self.promised),
            hashes: wanted,
        };
        let capacity = self.rate.capacity(deadline, rows, self.cores.count);
        let fits = capacity.saturating_sub(before);
        if wanted <= fits {
            return Ok(promise);
        }
        Err(Error::TooLarge {
            message: format!(
                "Hashing {} passwords would take longer than the request has left; {} would fit. Send fewer users, or send password_hash instead of password",
                wanted + done,
                fits + done
            ),
        })
    }

    async fn run(&self, passwords: Vec<SecretString>) -> Result<Vec<String>, Error> {
        let end = passwords.len();
        let batch = Arc::new(Batch {
            passwords,
            next: AtomicUsize::new(0),
            end,
        });
        let stop = StopOnDrop::default();
        let mut threads = JoinSet::new();
        for _ in 0..self.cores.count.min(end) {
            threads.spawn(self.thread(&batch, &stop));
        }
        let mut hashes = vec![String::new(); end];
        while let Some(share) = threads.join_next().await {
            let share = share.map_err(|error| Error::internal(OPERATION, error))??;
            for (index, hash) in share {
                hashes[index] = hash;
            }
        }
        Ok(hashes)
    }

    /// One thread of hashing, once a core is free.
    fn thread(
        &self,
        batch: &Arc<Batch>,
        stop: &StopOnDrop,
    ) -> impl Future<Output = Result<Vec<(usize, String)>, Error>> + Send + use<> {
        let core = self.cores.take();
        let batch = Arc::clone(batch);
        let is_stopped = Arc::clone(&stop.0);
        let rate = Arc::clone(&self.rate);
        let params = self.params.clone();
        async move {
            let mut core = core.await?;
            spawn_blocking(move || batch.hash_share(&mut core, &params, &rate, &is_stopped))
                .await
                .map_err(|error| Error::internal(OPERATION, error))?
        }
    }
}

impl Batch {
    /// Hashes one password after the other until none is left.
    fn hash_share(
        &self,
        core: &mut Core,
        params: &Params,
        rate: &HashRate,
        is_stopped: &AtomicBool,
    ) -> Result<Vec<(usize, String)>, Error> {
        let argon2id = core.hasher(params);
        let mut hashes = Vec::new();
        let started = Instant::now();
        let places: Range<usize> = 0..self.end;
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if !places.contains(&index) || is_stopped.load(Ordering::Relaxed) {
                break;
            }
            let password = self.passwords[index].expose_secret();
            hashes.push((index, argon2id.hash(password)?));
        }
        rate.learn(
            started.elapsed(),
            u32::try_from(hashes.len()).unwrap_or(u32::MAX),
        );
        Ok(hashes)
    }
}

/// Hashes that count against what other requests may be promised, until they are done or given up.
struct Promise {
    promised: Arc<AtomicUsize>,
    hashes: usize,
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.promised.fetch_sub(self.hashes, Ordering::Relaxed);
    }
}

/// Tells the hashing threads that nobody waits for them any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash};

    use super::*;

    fn hasher() -> Hasher {
        Hasher::new(Argon2Config {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
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
            let finished = hasher.hash_all(passwords(count), count, &deadline).await;
            let finished = finished.unwrap();
            assert_eq!(finished.len(), count);
            for (number, hash) in finished.iter().enumerate() {
                let hash = PasswordHash::new(hash).unwrap();
                let password = format!("password {number}");
                assert!(
                    Argon2::default()
                        .verify_password(password.as_bytes(), &hash)
                        .is_ok()
                );
            }
        }
        assert_eq!(hasher.promised.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn what_does_not_fit_the_deadline_is_refused_with_the_number_that_does() {
        let hasher = hasher();
        for _ in 0..50 {
            hasher.rate.learn(Duration::from_secs(1), 1);
        }
        let deadline = Deadline::after(Duration::from_millis(20_600));
        let started = Instant::now();
        let error = hasher.hash_all(passwords(1_000), 0, &deadline).await;
        let message = error.unwrap_err().public().message;
        let fits = 18 * hasher.cores.count;
        assert_eq!(
            message,
            format!(
                "Hashing 1000 passwords would take longer than the request has left; {fits} would fit. Send fewer users, or send password_hash instead of password"
            )
        );
        assert!(started.elapsed() < Duration::from_millis(100));
        assert_eq!(hasher.promised.load(Ordering::Relaxed), 0);
    }
}
