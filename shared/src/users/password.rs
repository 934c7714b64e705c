//! Passwords of new users: plaintext to be hashed, or a hash made elsewhere.

use argon2::{
    Params, Version,
    password_hash::phc::{Ident, PasswordHash},
};
use secrecy::SecretString;

use super::field_error::FieldError;

/// Passwords of 8 and more characters that attackers try first, from public lists of leaks. The
/// identity provider's own check may know more; this one catches what no import should contain.
const COMMON: &str = include_str!("common_passwords.txt");

/// NIST SP 800-63B, section 5.1.1.2, asks for at least 8 characters.
pub const MIN_CHARACTERS: usize = 8;

/// OWASP asks for a limit, so that hashing cannot be used to exhaust the server.
pub const MAX_BYTES: usize = 256;

/// Longer than the longest hash of the formats below.
pub const MAX_HASH_BYTES: usize = 512;

/// Whoever verifies an imported hash pays its cost at every login, so costs are bounded. The limits
/// are those of Ory Kratos.
mod limits {
    pub(super) const ARGON2_MEMORY_KIB: u32 = 1 << 20;
    pub(super) const ARGON2_PASSES: u32 = 10;
    pub(super) const ARGON2_LANES: u32 = 16;
    pub(super) const SCRYPT_LOG_N: u32 = 17;
    pub(super) const SCRYPT_R: u32 = 32;
    pub(super) const SCRYPT_P: u32 = 16;
    pub(super) const PBKDF2_ITERATIONS: u32 = 10_000_000;
    pub(super) const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=15;
}

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
pub(super) fn parse_plain(text: &str, identity: &[Option<&str>]) -> Result<Password, FieldError> {
    if text.chars().count() < MIN_CHARACTERS {
        return Err(FieldError::new(
            "password",
            "too_short",
            format!("password must have at least {MIN_CHARACTERS} characters"),
        ));
    }
    if text.len() > MAX_BYTES {
        return Err(FieldError::too_long("password", MAX_BYTES, "bytes"));
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

/// Accepts a hash of argon2, bcrypt, scrypt or pbkdf2 with bounded cost.
pub(super) fn parse_hash(text: &str) -> Result<Password, FieldError> {
    if text.len() > MAX_HASH_BYTES {
        return Err(FieldError::too_long(
            "password_hash",
            MAX_HASH_BYTES,
            "bytes",
        ));
    }
    if is_bcrypt_prefix(text) {
        check_bcrypt(text)?;
    } else {
        check_phc(text)?;
    }
    Ok(Password::Hashed(text.to_owned()))
}

fn is_bcrypt_prefix(text: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

/// `$2b$`, two digits of cost, `$`, and 53 characters of salt and hash. The last characters of salt and
/// hash have bits that mean nothing. Old versions of Passlib set them, and it still verifies such hashes.
fn check_bcrypt(text: &str) -> Result<(), FieldError> {
    let (cost, rest) = text[4..].split_once('$').ok_or_else(malformed)?;
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    // Without the digits, "+9" would be a number too.
    let is_cost = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
    if !is_cost || rest.len() != 53 || !rest.bytes().all(in_alphabet) {
        return Err(malformed());
    }
    let cost: u32 = cost.parse().map_err(|_| malformed())?;
    if limits::BCRYPT_COST.contains(&cost) {
        Ok(())
    } else {
        Err(too_costly(&format!(
            "bcrypt with a cost from {} to {}",
            limits::BCRYPT_COST.start(),
            limits::BCRYPT_COST.end()
        )))
    }
}

fn check_phc(text: &str) -> Result<(), FieldError> {
    let hash = PasswordHash::new(text).map_err(|_| malformed())?;
    match hash.algorithm.as_str() {
        "argon2id" | "argon2i" | "argon2d" => check_argon2(&hash),
        "scrypt" => check_scrypt(&hash),
        "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512" => check_pbkdf2(&hash),
        _ => Err(malformed()),
    }
}

/// Accepts what RFC 9106, section 3.1, does. Versions before 19 wrote no version. Some implementations
/// write a key's id and associated data.
fn check_argon2(hash: &PasswordHash) -> Result<(), FieldError> {
    check_names(hash, &["m", "t", "p"], &["keyid", "data"])?;
    let params = Params::try_from(hash).map_err(|_| unverifiable("argon2"))?;
    if let Some(version) = hash.version {
        Version::try_from(version).map_err(|_| unverifiable("argon2"))?;
    }
    let is_bounded = params.m_cost() <= limits::ARGON2_MEMORY_KIB
        && params.t_cost() <= limits::ARGON2_PASSES
        && params.p_cost() <= limits::ARGON2_LANES;
    is_bounded.then_some(()).ok_or_else(|| {
        too_costly(&format!(
            "argon2 with m up to {}, t up to {} and p up to {}",
            limits::ARGON2_MEMORY_KIB,
            limits::ARGON2_PASSES,
            limits::ARGON2_LANES
        ))
    })
}

/// RFC 7914, section 2: N is more than 1 and less than 2^(128 * r / 8).
fn check_scrypt(hash: &PasswordHash) -> Result<(), FieldError> {
    check_names(hash, &["ln", "r", "p"], &[])?;
    let [ln, r, p] = ["ln", "r", "p"].map(|name| hash.params.get_decimal(name).unwrap_or(0));
    if hash.version.is_some() || ln == 0 || r == 0 || p == 0 || ln / 16 >= r {
        return Err(unverifiable("scrypt"));
    }
    let is_bounded = ln <= limits::SCRYPT_LOG_N && r <= limits::SCRYPT_R && p <= limits::SCRYPT_P;
    is_bounded.then_some(()).ok_or_else(|| {
        too_costly(&format!(
            "scrypt with ln up to {}, r up to {} and p up to {}",
            limits::SCRYPT_LOG_N,
            limits::SCRYPT_R,
            limits::SCRYPT_P
        ))
    })
}

/// `l`, if it is there, says how long the hash is.
fn check_pbkdf2(hash: &PasswordHash) -> Result<(), FieldError> {
    check_names(hash, &["i"], &["l"])?;
    let iterations = hash.params.get_decimal("i").unwrap_or(0);
    let length = hash.hash.map(|hash| hash.len().to_string());
    let is_length = |stated| Some(stated) == length.as_deref();
    let is_true = hash.params.get_str("l").is_none_or(is_length);
    if hash.version.is_some() || iterations == 0 || !is_true {
        return Err(unverifiable("pbkdf2"));
    }
    (iterations <= limits::PBKDF2_ITERATIONS)
        .then_some(())
        .ok_or_else(|| {
            too_costly(&format!(
                "pbkdf2 with i up to {}",
                limits::PBKDF2_ITERATIONS
            ))
        })
}

/// Checks that the hash is complete, and has each parameter once: of two values, the one that is not
/// bounded here could be the one that is verified with.
fn check_names(
    hash: &PasswordHash,
    required: &[&str],
    optional: &[&str],
) -> Result<(), FieldError> {
    let names: Vec<_> = hash.params.iter().map(|(name, _)| name).collect();
    let times = |wanted: &str| names.iter().filter(|name| name.as_str() == wanted).count();
    let is_known = |name: &Ident| [required, optional].concat().contains(&name.as_str());
    let is_complete = hash.salt.is_some()
        && hash.hash.is_some()
        && required.iter().all(|name| times(name) == 1)
        && names
            .iter()
            .all(|name| is_known(name) && times(name.as_str()) == 1);
    is_complete.then_some(()).ok_or_else(malformed)
}

fn malformed() -> FieldError {
    FieldError::new(
        "password_hash",
        "invalid_format",
        "password_hash must be a hash of argon2, bcrypt, scrypt or pbkdf2, such as $argon2id$v=19$m=19456,t=2,p=1$...",
    )
}

fn unverifiable(algorithm: &str) -> FieldError {
    FieldError::new(
        "password_hash",
        "invalid_format",
        format!("password_hash has invalid parameters for {algorithm}"),
    )
}

fn too_costly(accepted: &str) -> FieldError {
    FieldError::new(
        "password_hash",
        "out_of_range",
        format!("password_hash is too expensive to verify; accepted: {accepted}"),
    )
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, PasswordVerifier};
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        parse_hash(text).err().map(|error| error.code)
    }

    #[test]
    fn hashes_of_the_four_kinds_are_accepted() {
        for hash in [
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
            "$pbkdf2-sha256$i=600000,l=32$O+VVvVlWjqFpzXg1fjc5eA$jdzZUG4mOVxN3NkEHYvAJb5Jt1IEbqVl6eDkNAGcrJ4",
        ] {
            assert_eq!(code(hash), None, "{hash}");
        }
    }

    #[test]
    fn hashes_that_cost_too_much_to_verify_are_refused() {
        for hash in [
            "$argon2id$v=19$m=2147483648,t=2,p=1$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc",
            "$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$scrypt$ln=30,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        ] {
            assert_eq!(code(hash), Some("out_of_range"), "{hash}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "plaintext",
            "$2b$12$short",
            "$md5$abc",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1",
        ] {
            assert_eq!(code(text), Some("invalid_format"), "{text}");
        }
        assert_eq!(code(&"x".repeat(513)), Some("too_long"));
    }

    #[test]
    fn hashes_that_no_implementation_could_verify_are_refused() {
        let bcrypt = "R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
        let rest = "c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc";
        for hash in [
            format!("$2b$+9${bcrypt}"),
            format!("$2b$ 9${bcrypt}"),
            format!("$argon2id$v=99$m=19456,t=2,p=1${rest}"),
            format!("$argon2id$v=019$m=19456,t=2,p=1${rest}"),
            format!("$argon2id$v=19$m=127,t=2,p=16${rest}"),
            format!("$argon2id$v=19$m=0,t=2,p=1${rest}"),
            format!("$argon2id$v=19$m=19456,t=0,p=1${rest}"),
            format!("$argon2id$v=19$m=19456,t=2,p=0${rest}"),
            format!("$argon2id$v=19$m=19456,t=2${rest}"),
            format!("$argon2id$v=19$m=+64,t=2,p=1${rest}"),
            format!("$argon2id$v=19$m=064,t=2,p=1${rest}"),
            format!("$argon2id$v=19$m=64,m=4294967295,t=2,p=1${rest}"),
            format!("$argon2id$v=19$m=64,t=2,p=1,x=1${rest}"),
            "$argon2id$v=19$m=64,t=2,p=1$c29tZQ$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc"
                .to_owned(),
            "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21l$Rdes".to_owned(),
            format!("$scrypt$v=1$ln=16,r=8,p=1${rest}"),
            format!("$scrypt$ln=0,r=8,p=1${rest}"),
            format!("$scrypt$ln=16,r=1,p=1${rest}"),
            format!("$scrypt$ln=016,r=8,p=1${rest}"),
            format!("$scrypt$ln=16,ln=60,r=8,p=1${rest}"),
            format!("$scrypt$ln=16,r=8,p=1,x=1${rest}"),
            format!("$pbkdf2-sha256$i=0${rest}"),
            format!("$pbkdf2-sha256$i=+1000${rest}"),
            format!("$pbkdf2-sha256$i=1000,l=16${rest}"),
            format!("$pbkdf2-sha256$i=1000,i=4294967295${rest}"),
        ] {
            assert_eq!(code(&hash), Some("invalid_format"), "{hash}");
        }
    }

    #[test]
    fn hashes_that_some_implementation_verifies_are_accepted() {
        let rest = "c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc";
        for hash in [
            // Version 16 has no `v`, and Node's argon2 writes associated data.
            format!("$argon2i$m=64,t=2,p=1${rest}"),
            format!("$argon2d$v=16$m=128,t=10,p=16${rest}"),
            format!("$argon2id$v=19$m=64,t=2,p=1,data=c29tZQ${rest}"),
            format!("$scrypt$ln=15,r=1,p=1${rest}"),
            format!("$pbkdf2$i=1${rest}"),
            // Bits that mean nothing are set in salt and hash. Old versions of Passlib wrote such salts,
            // and it still verifies them.
            "$2a$04$yjDgE74RJkeqC0/1NheSScrvKeu9IbKDpcQf/Ox3qsrRS/Kw42qIV".to_owned(),
        ] {
            assert_eq!(code(&hash), None, "{hash}");
        }
    }

    #[test]
    fn a_plaintext_password_is_bounded_and_not_shown_by_debug() {
        let code = |text: &str| parse_plain(text, &[]).unwrap_err().code;
        assert_eq!(code("short"), "too_short");
        assert_eq!(code(&"x".repeat(257)), "too_long");
        let password = parse_plain("correct horse", &[]).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
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
                parse_plain(text, &identity).unwrap_err().code,
                "too_weak",
                "{text}"
            );
        }
        assert!(parse_plain("mhamilton-1969", &identity).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn argon2_can_verify_what_is_accepted(
            v in prop_oneof![Just(String::new()), Just("v=16$".to_owned()), Just("v=19$".to_owned()), "v=[0-9]{1,2}\\$"],
            m in 0_u32..200,
            t in 0_u32..3,
            p in 0_u32..20,
            more in prop_oneof![Just(String::new()), ",(m|t|p|data|keyid|x)=[a-zA-Z0-9]{1,12}"],
            salt in "[a-zA-Z0-9]{0,22}",
            tag in "[a-zA-Z0-9]{0,43}",
        ) {
            let text = format!("$argon2id${v}m={m},t={t},p={p}{more}${salt}${tag}");
            if parse_hash(&text).is_ok() {
                let hash = PasswordHash::new(&text).unwrap();
                let verified = Argon2::default().verify_password(b"password", &hash);
                prop_assert_eq!(verified, Err(argon2::password_hash::Error::PasswordInvalid));
            }
        }

        #[test]
        fn any_text_is_a_hash_or_is_refused(
            text in prop_oneof![
                any::<String>(),
                "\\$(argon2id|2b|scrypt|pbkdf2|é)\\$?[a-z0-9=,$é]{0,60}",
            ],
        ) {
            let _ = parse_hash(&text);
        }
    }
}
