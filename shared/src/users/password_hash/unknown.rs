//! What a text is that no hash can be found in.

use super::parts;
use crate::users::field_error::FieldError;

/// What systems write for an account that nobody can log in to with a password, without regard to case.
const NO_PASSWORD: [&str; 14] = [
    "x",
    "-",
    "{}",
    "np",
    "lk",
    "nologin",
    "null",
    "(null)",
    "none",
    "locked",
    "disabled",
    "invalid",
    "unusable",
    "nopassword",
];

/// Whether an account has no password. `!` and `*` begin what no password can match, also before a hash that
/// was locked. Django writes random characters after the mark.
pub(super) fn is_no_password(text: &str) -> bool {
    let text = parts::scheme(text).map_or(text, |(_, rest)| match rest {
        "" => text,
        rest => rest,
    });
    (text.starts_with(['!', '*']) && !is_mysql(text))
        || NO_PASSWORD
            .iter()
            .any(|marker| marker.eq_ignore_ascii_case(text))
        || parts::scheme(text).is_some_and(|(_, rest)| rest.is_empty())
}

fn is_mysql(text: &str) -> bool {
    text.strip_prefix('*')
        .is_some_and(|rest| rest.len() == 40 && parts::is_hex(rest))
}

/// The refusal of a text in which no hash is found.
pub(super) fn error(text: &str) -> FieldError {
    let message = match name(text) {
        Some(name) => format!(
            "password_hash looks like {name}, which is not accepted; accepted are hashes of argon2, bcrypt, \
             scrypt and pbkdf2"
        ),
        None => "password_hash must be a hash of argon2, bcrypt, scrypt or pbkdf2, such as \
                 $argon2id$v=19$m=19456,t=2,p=1$..."
            .to_owned(),
    };
    FieldError::new("password_hash", "invalid_format", message)
}

/// What a text seems to be.
fn name(text: &str) -> Option<&'static str> {
    if let Some((scheme, _)) = parts::scheme(text) {
        return by_scheme(&scheme.to_ascii_uppercase());
    }
    let begins = [
        ("$argon2", "an incomplete or malformed hash of argon2"),
        ("$2", "an incomplete or malformed hash of bcrypt"),
        ("$bcrypt", "an incomplete or malformed hash of bcrypt"),
        ("$scrypt$", "an incomplete or malformed hash of scrypt"),
        ("scrypt", "an incomplete or malformed hash of scrypt"),
        ("$7$", "an incomplete or malformed hash of scrypt"),
        ("$pbkdf2", "an incomplete or malformed hash of pbkdf2"),
        ("pbkdf2", "an incomplete or malformed hash of pbkdf2"),
        ("$5$", "an incomplete hash of SHA-crypt"),
        ("$6$", "an incomplete hash of SHA-crypt"),
        ("$y$", "an incomplete hash of yescrypt"),
        ("$P$", "an incomplete hash of phpass"),
        ("$S$", "an incomplete hash of phpass"),
        ("$1$", "MD5-crypt"),
        ("$apr1$", "MD5-crypt of Apache"),
        ("$md5", "MD5-crypt of Solaris"),
        ("$sha1$", "SHA1-crypt of NetBSD"),
        ("$SHA$", "a salted SHA-256 of AuthMe"),
        ("$3$", "an NT hash"),
        ("$NT$", "an NT hash"),
        ("md5$", "a salted MD5 of Django"),
        ("sha1$", "a salted SHA-1 of Django"),
        ("SCRAM-SHA-256$", "a SCRAM verifier of PostgreSQL"),
        ("0x0100", "a salted SHA-1 of SQL Server"),
        ("0x0200", "a salted SHA-512 of SQL Server"),
        ("md5:", "an unsalted MD5"),
    ];
    let digits = text.strip_prefix("md5").filter(|rest| rest.len() == 32);
    let found = begins.iter().find(|(prefix, _)| text.starts_with(prefix));
    match found {
        Some((_, name)) => Some(name),
        None if digits.is_some_and(parts::is_hex) => Some("an MD5 of PostgreSQL"),
        None if is_mysql(text) => Some("a double SHA-1 of MySQL"),
        None if parts::is_hex(text) => by_length(text.len()),
        None if parts::is_crypt(text, 13) => Some("DES-crypt of Unix, or a plain password"),
        None => text
            .split_once([':', '$'])
            .filter(|(one, other)| parts::is_hex(one) || parts::is_hex(other))
            .and_then(|(one, other)| by_length(one.len()).or_else(|| by_length(other.len())))
            .map(|_| "a hash with a salt of unknown algorithm"),
    }
}

fn by_length(length: usize) -> Option<&'static str> {
    match length {
        32 => Some("an unsalted MD5 or NT hash"),
        40 => Some("an unsalted SHA-1"),
        56 => Some("an unsalted SHA-224"),
        64 => Some("an unsalted SHA-256"),
        96 => Some("an unsalted SHA-384"),
        128 => Some("an unsalted SHA-512"),
        _ => None,
    }
}

fn by_scheme(scheme: &str) -> Option<&'static str> {
    let name = scheme.split(['.', '@']).next().unwrap_or_default();
    Some(match name {
        "SSHA" => "a salted SHA-1 of LDAP",
        "SHA" | "SHA1" => "an unsalted SHA-1 of LDAP",
        "SMD5" => "a salted MD5 of LDAP",
        "MD5" | "PLAIN-MD5" | "LDAP-MD5" => "an unsalted MD5 of LDAP",
        "SSHA224" | "SSHA256" | "SSHA384" | "SSHA512" => "a salted SHA-2 of LDAP",
        "SHA224" | "SHA256" | "SHA384" | "SHA512" | "SHA-256" | "SHA-512" => {
            "an unsalted SHA-2 of LDAP"
        }
        "CRYPT" => "a hash of crypt that is not accepted or DES-crypt",
        "MD5-CRYPT" => "MD5-crypt",
        "DES-CRYPT" => "DES-crypt of Unix",
        "NOOP" | "PLAIN" | "CLEAR" | "CLEARTEXT" => "a plain password",
        "NT" | "LANMAN" | "LM" | "NTLM" => "an NT hash",
        "LDAP" => "a hash of LDAP",
        "SASL" => "a reference to SASL",
        "KERBEROS" => "a reference to Kerberos",
        "CRAM-MD5" | "HMAC-MD5" | "DIGEST-MD5" => "a verifier for CRAM or DIGEST",
        "SCRAM-SHA-1" | "SCRAM-SHA-256" => "a SCRAM verifier",
        "STANDARDPASSWORDENCODER" | "STANDARD" => "a salted SHA-256 of Spring",
        "BCRYPT" | "BLF-CRYPT" => "an incomplete or malformed hash of bcrypt",
        "SCRYPT" => "an incomplete or malformed hash of scrypt",
        name if name.starts_with("PBKDF2") || name == "PKCS5S2" => {
            "an incomplete or malformed hash of pbkdf2"
        }
        name if name.starts_with("ARGON2") => "an incomplete or malformed hash of argon2",
        _ => return None,
    })
}
