//! Plaintext passwords become hashes before anything is written.

use std::{
    num::NonZero,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use argon2::{Argon2, PasswordHasher};
use secrecy::{ExposeSecret, SecretString};
use shared::{
    error::Error,
    queries::bulk_insert::InsertRow,
    users::{NewUser, NewUserBatch, Password},
};
use tokio::task::JoinSet;

/// Turns new users into rows. Plaintext passwords are hashed with argon2id (m=19456 KiB, t=2, p=1:
/// the library's defaults and OWASP's first choice) on all cores, beside the async threads.
///
/// When the request's deadline drops this future, hashing stops after the hashes in progress.
pub(crate) async fn hash_all(batch: NewUserBatch) -> Result<Vec<InsertRow>, Error> {
    let mut plain = Vec::new();
    let mut rows: Vec<_> = batch
        .into_users()
        .into_iter()
        .enumerate()
        .map(|(index, user)| row(index, user, &mut plain))
        .collect();
    if plain.is_empty() {
        return Ok(rows);
    }
    let stop = StopOnDrop::default();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = plain.len().div_ceil(cores);
    let mut hashing = JoinSet::new();
    while !plain.is_empty() {
        let passwords = plain.split_off(plain.len().saturating_sub(share));
        let is_stopped = Arc::clone(&stop.0);
        hashing.spawn_blocking(move || hash_share(&passwords, &is_stopped));
    }
    while let Some(share) = hashing.join_next().await {
        let hashes = share.map_err(|error| Error::internal("hashing passwords", error))??;
        for (index, hash) in hashes {
            rows[index].password_hash = Some(hash);
        }
    }
    Ok(rows)
}

fn row(index: usize, user: NewUser, plain: &mut Vec<(usize, SecretString)>) -> InsertRow {
    let password_hash = match user.password {
        Password::None => None,
        Password::Hashed(hash) => Some(hash),
        Password::Plain(password) => {
            plain.push((index, password));
            None
        }
    };
    InsertRow {
        email: user.email,
        username: user.username,
        full_name: user.full_name,
        password_hash,
        is_active: user.is_active,
        is_superuser: user.is_superuser,
    }
}

fn hash_share(
    passwords: &[(usize, SecretString)],
    is_stopped: &AtomicBool,
) -> Result<Vec<(usize, String)>, Error> {
    let argon2id = Argon2::default();
    let mut hashes = Vec::with_capacity(passwords.len());
    for (index, password) in passwords {
        if is_stopped.load(Ordering::Relaxed) {
            break;
        }
        let hash = argon2id
            .hash_password(password.expose_secret().as_bytes())
            .map_err(|error| Error::internal("hashing passwords", error))?;
        hashes.push((*index, hash.to_string()));
    }
    Ok(hashes)
}

/// Tells the hashing threads that nobody waits for them any more.
#[derive(Default)]
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
