//! Plaintext passwords become hashes before anything is written.

use secrecy::SecretString;
use shared::{
    platform::{deadline::Deadline, error::Error, password_hasher::PasswordHasher},
    store::bulk::ImportRow,
    users::{Located, NewUser, Password},
};

/// Turns new users into rows. In a dry run, which keeps none of them, passwords are only counted.
///
/// Fails with [`Error::TooLarge`] if there are more than `max` passwords.
pub(crate) async fn into_rows(
    users: Vec<Located<NewUser>>,
    is_dry_run: bool,
    hasher: &PasswordHasher,
    max: usize,
    deadline: &Deadline,
) -> Result<Vec<Located<ImportRow>>, Error> {
    let mut passwords = Vec::new();
    let mut indices = Vec::new();
    let mut rows = Vec::with_capacity(users.len());
    for (index, user) in users.into_iter().enumerate() {
        let place = user.with(());
        let (row, password) = row(user.value);
        if let Some(password) = password {
            passwords.push(password);
            indices.push(index);
        }
        rows.push(place.with(row));
    }
    if passwords.len() > max {
        return Err(Error::TooLarge {
            message: format!(
                "{} users have a password, and one request may have {max} of them; send fewer users, or send password_hash instead of password",
                passwords.len()
            ),
        });
    }
    let finished = if is_dry_run {
        vec![hasher.placeholder(); passwords.len()]
    } else {
        hasher.hash_all(passwords, deadline).await?
    };
    for (index, hash) in indices.into_iter().zip(finished) {
        rows[index].value.password_hash = Some(hash);
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
        id: user.id,
        extra: user.extra,
    };
    (row, plain)
}
