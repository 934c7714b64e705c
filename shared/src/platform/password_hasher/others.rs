//! Hashes as applications verify them that do not know argon2id.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    pbkdf2,
    rand::{SecureRandom, SystemRandom},
};
use std::{fmt::Write as _, num::NonZeroU32};

use super::OPERATION;
use crate::platform::{config::PasswordHash, error::Error};

/// OWASP's Password Storage Cheat Sheet asks for 10 at least.
const BCRYPT_COST: u32 = 12;

/// Django 5.2.
const DJANGO_ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(999_999);

/// Werkzeug 3: N is 2 to the power of this.
const WERKZEUG_LOG_N: u8 = 15;
const WERKZEUG_R: u32 = 8;
const WERKZEUG_P: u32 = 1;

/// Django's salts have 22 characters of this alphabet, 128 bits and more; Werkzeug's have 16.
const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The hash of a password with a new salt, or `None` for algorithms that are not made here.
pub(super) fn hash(algorithm: PasswordHash, password: &str) -> Option<Result<String, Error>> {
    match algorithm {
        PasswordHash::Argon2id => None,
        PasswordHash::Bcrypt => Some(bcrypt(password)),
        PasswordHash::Pbkdf2Django => Some(django(password)),
        PasswordHash::ScryptWerkzeug => Some(werkzeug(password)),
        PasswordHash::None => Some(Err(Error::internal(
            OPERATION,
            "PASSWORD_HASH is none, and a password was let through",
        ))),
    }
}

fn bcrypt(password: &str) -> Result<String, Error> {
    let mut salt = [0; 16];
    fill(&mut salt)?;
    let parts = ::bcrypt::non_truncating_hash_with_salt(password, BCRYPT_COST, salt)
        .map_err(|error| Error::internal(OPERATION, error.to_string()))?;
    Ok(parts.format_for_version(::bcrypt::Version::TwoB))
}

fn django(password: &str) -> Result<String, Error> {
    let salt = text_salt(22)?;
    let mut hash = [0; 32];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        DJANGO_ITERATIONS,
        salt.as_bytes(),
        password.as_bytes(),
        &mut hash,
    );
    let hash = STANDARD.encode(hash);
    Ok(format!("pbkdf2_sha256${DJANGO_ITERATIONS}${salt}${hash}"))
}

fn werkzeug(password: &str) -> Result<String, Error> {
    let salt = text_salt(16)?;
    let params = scrypt::Params::new(WERKZEUG_LOG_N, WERKZEUG_R, WERKZEUG_P)
        .map_err(|error| Error::internal(OPERATION, error.to_string()))?;
    let mut hash = [0; 64];
    scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut hash)
        .map_err(|error| Error::internal(OPERATION, error.to_string()))?;
    let n = 1_u32 << WERKZEUG_LOG_N;
    let mut text = format!("scrypt:{n}:{WERKZEUG_R}:{WERKZEUG_P}${salt}$");
    for byte in hash {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

fn text_salt(characters: usize) -> Result<String, Error> {
    let mut salt = String::with_capacity(characters);
    while salt.len() < characters {
        let mut byte = [0];
        fill(&mut byte)?;
        // Bytes beyond a multiple of the alphabet would make some characters likelier.
        let place = usize::from(byte[0]);
        if place < 248 {
            salt.push(char::from(ALPHABET[place % ALPHABET.len()]));
        }
    }
    Ok(salt)
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::internal(OPERATION, "the system gives no random bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hash_is_one_that_its_application_verifies() {
        let password = "correct horse";
        let hash = bcrypt(password).unwrap();
        assert!(hash.starts_with("$2b$12$"), "{hash}");
        assert!(::bcrypt::verify(password, &hash).unwrap());

        let hash = django(password).unwrap();
        let parts: Vec<_> = hash.split('$').collect();
        assert_eq!(parts[..2], ["pbkdf2_sha256", "1000000"]);
        let stored = STANDARD.decode(parts[3]).unwrap();
        let salt = parts[2].as_bytes();
        let verified = pbkdf2::verify(
            pbkdf2::PBKDF2_HMAC_SHA256,
            DJANGO_ITERATIONS,
            salt,
            password.as_bytes(),
            &stored,
        );
        assert!(verified.is_ok());

        let (one, other) = (werkzeug(password).unwrap(), werkzeug(password).unwrap());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('$').collect();
        assert_eq!(
            (parts[0], parts[1].len(), parts[2].len()),
            ("scrypt:32768:8:1", 16, 128)
        );
    }

    #[test]
    fn bcrypt_never_cuts_a_password() {
        assert!(bcrypt(&"x".repeat(73)).is_err());
    }
}
