//! Passwords of new users: plaintext to be hashed, or a hash made elsewhere.

use secrecy::SecretString;

use super::{field_error::FieldError, password_hash};

/// Passwords of 8 and more characters that attackers try first, from public lists of leaks. The
/// identity provider's own check may know more; this one catches what no import should contain.
const COMMON: &str = include_str!("common_passwords.txt");

/// NIST SP 800-63B, section 5.1.1.2, asks for at least 8 characters.
pub const MIN_CHARACTERS: usize = 8;

/// OWASP asks for a limit, so that hashing cannot be used to exhaust the server.
pub const MAX_BYTES: usize = 256;

/// How a new user will log in.
#[derive(Debug, Clone)]
pub enum Password {
    /// Not by password.
    None,
    /// By a password that is still to be hashed.
    Plain(SecretString),
    /// By a password of which only a hash is known.
    Hashed(String),
}

/// Accepts a plaintext password of 8 characters to 256 bytes that is neither common nor the user's
/// own email or username (`identity`).
pub(super) fn parse_plain(
    text: &str,
    identity: &[Option<&str>],
    max_bytes: usize,
) -> Result<Password, FieldError> {
    if text.chars().count() < MIN_CHARACTERS {
        return Err(FieldError::new(
            "password",
            "too_short",
            format!("password must have at least {MIN_CHARACTERS} characters"),
        ));
    }
    if password_hash::is_hash(text) {
        return Err(FieldError::new(
            "password",
            "invalid_format",
            "password is a hash, which must be given as password_hash",
        ));
    }
    if text.len() > max_bytes {
        return Err(FieldError::too_long("password", max_bytes, "bytes"));
    }
    if is_guessable(text, identity) {
        return Err(FieldError::new(
            "password",
            "too_weak",
            "password must not be among the most common ones, one repeated character, or the \
             user's own email or username",
        ));
    }
    Ok(Password::Plain(text.into()))
}

fn is_guessable(text: &str, identity: &[Option<&str>]) -> bool {
    let lower = text.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
        || COMMON.lines().any(|common| common == lower)
        || identity.iter().flatten().any(|name| {
            let name = name.to_lowercase();
            let local_part = name.rsplit_once('@').map(|(local_part, _)| local_part);
            name == lower || local_part == Some(&lower)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plaintext_password_is_bounded_and_not_shown_by_debug() {
        let code = |text: &str| parse_plain(text, &[], MAX_BYTES).unwrap_err().code;
        assert_eq!(code("short"), "too_short");
        assert_eq!(code(&"x".repeat(257)), "too_long");
        let password = parse_plain("correct horse", &[], MAX_BYTES).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }

    #[test]
    fn a_hash_is_not_taken_for_a_password() {
        for hash in [
            "$2y$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "{bcrypt}$2a$10$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc",
            "pbkdf2_sha256$260000$Kq7vTz2LmB9xWc4RnY1sHd$vHSFpcx4Utn0cNW6EQnibmsU1QuGh7lghV9yRoiF0Qs=",
            "$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/",
        ] {
            let error = parse_plain(hash, &[], MAX_BYTES).unwrap_err();
            assert!(
                error.message.contains("be given as password_hash"),
                "{hash}"
            );
        }
        for password in [
            "$2 a day keeps the doctor away",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==",
        ] {
            assert!(parse_plain(password, &[], MAX_BYTES).is_ok(), "{password}");
        }
    }

    #[test]
    fn a_password_that_anybody_would_guess_is_refused() {
        let identity = [Some("Margaret@example.com"), Some("mhamilton")];
        for text in [
            "password",
            "Password1",
            "aaaaaaaaaa",
            "margaret",
            "MARGARET@example.com",
            "mhamilton",
        ] {
            assert_eq!(
                parse_plain(text, &identity, MAX_BYTES).unwrap_err().code,
                "too_weak",
                "{text}"
            );
        }
        assert!(parse_plain("mhamilton-1969", &identity, MAX_BYTES).is_ok());
    }
}
