//! Plaintext passwords become hashes before anything is written.

mod argon2id;
mod cores;
mod hasher;
mod rate;

use secrecy::SecretString;
use shared::{
    platform::{deadline::Deadline, error::Error},
    store::bulk::ImportRow,
    users::{NewUser, Password},
};

pub(crate) use self::hasher::Hasher;

/// Turns new users into rows. In a dry run, which keeps none of them, passwords are only counted.
pub(crate) async fn into_rows(
    users: Vec<NewUser>,
    is_dry_run: bool,
    hasher: &Hasher,
    deadline: &Deadline,
) -> Result<Vec<ImportRow>, Error> {
    let mut plain = Vec::new();
    let mut indices = Vec::new();
    let mut rows = Vec::with_capacity(users.len());
    for (index, user) in users.into_iter().enumerate() {
        let (row, password) = row(user);
        if let Some(password) = password {
            plain.push(password);
            indices.push(index);
        }
        rows.push(row);
    }
    if plain.is_empty() {
        return Ok(rows);
    }
    if is_dry_run {
        hasher.check(plain, rows.len(), deadline).await?;
        for index in indices {
            rows[index].password_hash = Some(hasher.placeholder());
        }
        return Ok(rows);
    }
    let finished = hasher.hash_all(plain, rows.len(), deadline).await?;
    for (index, hash) in indices.into_iter().zip(finished) {
        rows[index].password_hash = Some(hash);
    }
    Ok(rows)
}

fn row(user: NewUser) -> (ImportRow, Option<SecretString>) {
    let (password_hash, plain) = match user.password {
        Password::None => (None, None),
        Password::Hashed(hash) => (Some(hash), None),
        Password::Plain(password) => (None, Some(password)),
    };
    let row = ImportRow {
        email: user.email,
        username: user.username,
        full_name: user.full_name,
        password_hash,
        is_active: user.is_active,
        is_superuser: user.is_superuser,
        created_at: user.created_at,
    };
    (row, plain)
}
