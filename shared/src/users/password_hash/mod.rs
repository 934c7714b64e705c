//! Password hashes that other systems made.
//!
//! A hash is stored as it came: the application that verifies it knows its own writing. Here it is found
//! out which algorithm it is of, whether it is complete, and what it costs to verify.

mod accepted;
mod argon2;
mod bcrypt;
mod costs;
mod other;
mod parts;
mod pbkdf2;
mod problem;
mod scrypt;
mod unknown;

pub use self::accepted::AcceptedHashes;
use self::problem::Problem;
use super::field_error::FieldError;

/// Longer than the longest hash of the formats below.
pub const MAX_BYTES: usize = 512;

/// Accepts a hash of argon2, bcrypt, scrypt or PBKDF2 with bounded cost, and of those algorithms that are
/// `accepted` beside. It is `None` for an account that has no password.
pub(super) fn parse(text: &str, accepted: AcceptedHashes) -> Result<Option<String>, FieldError> {
    if text.len() > MAX_BYTES {
        return Err(FieldError::too_long("password_hash", MAX_BYTES, "bytes"));
    }
    if unknown::is_no_password(text) {
        return Ok(None);
    }
    let hash = unwrapped(text);
    let checks = [argon2::check, bcrypt::check, scrypt::check, pbkdf2::check];
    let checked = match checks.into_iter().find_map(|check| check(hash)) {
        Some(checked) => checked,
        None => match other::check(hash) {
            Some((kind, checked)) if accepted.contains(kind) => checked,
            Some((kind, _)) => {
                return Err(FieldError::new(
                    "password_hash",
                    "invalid_format",
                    format!(
                        "password_hash looks like {}, which is accepted with accept_hashes={} only",
                        kind.description(),
                        kind.name()
                    ),
                ));
            }
            None => return Err(unknown::error(hash)),
        },
    };
    match checked {
        Ok(()) => Ok(Some(text.to_owned())),
        Err(problem) => Err(problem.into_error(hash)),
    }
}

/// Whether a text is a complete hash, of whatever algorithm and cost.
pub(super) fn is_hash(text: &str) -> bool {
    let hash = unwrapped(text);
    let checks = [argon2::check, bcrypt::check, scrypt::check, pbkdf2::check];
    let known = checks.into_iter().find_map(|check| check(hash));
    let checked = known.or_else(|| other::check(hash).map(|(_, checked)| checked));
    checked.is_some_and(|checked| !matches!(checked, Err(Problem::Malformed)))
}

/// The hash without the names that LDAP servers, Dovecot, Spring and Django put before it.
fn unwrapped(text: &str) -> &str {
    const SCHEMES: [&str; 9] = [
        "crypt",
        "bcrypt",
        "blf-crypt",
        "argon2",
        "argon2i",
        "argon2id",
        "scrypt",
        "sha256-crypt",
        "sha512-crypt",
    ];
    const DJANGO: [&str; 2] = ["bcrypt$$", "bcrypt_sha256$$"];
    if let Some((scheme, hash)) = parts::scheme(text) {
        // Spring adds the version of its defaults.
        let name = scheme.split('@').next().unwrap_or_default();
        return if SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            hash
        } else {
            text
        };
    }
    let django = DJANGO.iter().find(|prefix| text.starts_with(**prefix));
    match django {
        Some(prefix) => &text[prefix.len() - 1..],
        None if text.starts_with("argon2$argon2") => &text["argon2".len()..],
        None => text,
    }
}

impl Problem {
    fn into_error(self, hash: &str) -> FieldError {
        let (code, message) = match self {
            Self::Malformed => return unknown::error(hash),
            Self::Unverifiable(algorithm) => (
                "invalid_format",
                format!("password_hash has invalid parameters for {algorithm}"),
            ),
            Self::TooCostly(accepted) => (
                "out_of_range",
                format!("password_hash is too expensive to verify; accepted: {accepted}"),
            ),
        };
        FieldError::new("password_hash", code, message)
    }
}

#[cfg(test)]
mod tests;
