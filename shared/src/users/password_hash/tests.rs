use ::argon2::{
    Argon2, PasswordVerifier,
    password_hash::{Error as VerifyError, phc::PasswordHash},
};
use proptest::prelude::*;

use super::*;

/// The list of writings that callers read.
const DOCUMENTATION: &str = include_str!("../../../../docs/password-hashes.md");

fn code(text: &str) -> Option<&'static str> {
    parse(text, AcceptedHashes::NONE)
        .err()
        .map(|error| error.code)
}

fn message(text: &str) -> String {
    let error = parse(text, AcceptedHashes::NONE).unwrap_err();
    error.message.into_owned()
}

/// The first and the last column of every row of a table of the documentation.
fn examples(section: &str) -> Vec<(&'static str, &'static str)> {
    let (_, rest) = DOCUMENTATION
        .split_once(&format!("\n## {section}\n"))
        .unwrap();
    let rows = rest.split("\n## ").next().unwrap().lines();
    let rows = rows.filter_map(|row| {
        let cells: Vec<_> = row
            .strip_prefix("| ")?
            .strip_suffix(" |")?
            .split(" | ")
            .collect();
        let hash = cells.last()?.strip_prefix('`')?.strip_suffix('`')?;
        (cells.len() == 3 && cells[2].len() > 20).then(|| (cells[0].trim_matches('`'), hash))
    });
    rows.collect()
}

#[test]
fn every_example_of_the_documentation_is_accepted_as_it_is() {
    let examples = examples("Accepted");
    assert!(examples.len() > 35, "{}", examples.len());
    for (_, hash) in examples {
        assert_eq!(
            parse(hash, AcceptedHashes::NONE),
            Ok(Some(hash.to_owned())),
            "{hash}"
        );
    }
}

#[test]
fn other_hashes_are_accepted_by_the_name_that_a_refusal_says() {
    let examples = examples("Accepted when asked for");
    assert_eq!(examples.len(), 6);
    for (name, hash) in examples {
        let hint = format!("which is accepted with accept_hashes={name} only");
        assert!(message(hash).ends_with(&hint), "{}", message(hash));
        let accepted = AcceptedHashes::parse(name).unwrap();
        assert_eq!(parse(hash, accepted), Ok(Some(hash.to_owned())), "{hash}");
        let others = AcceptedHashes::names()
            .into_iter()
            .filter(|other| *other != name);
        let others = AcceptedHashes::parse(&others.collect::<Vec<_>>().join(",")).unwrap();
        assert!(parse(hash, others).is_err(), "{hash}");
    }
    assert_eq!(
        AcceptedHashes::parse("md5"),
        Err("be a list of sha-crypt, yescrypt, phpass, firebase-scrypt".to_owned())
    );
}

#[test]
fn a_part_less_makes_every_example_malformed() {
    for (_, hash) in examples("Accepted") {
        let separators: &[char] = if hash.starts_with("grub.") {
            &['.']
        } else {
            &['$', ':', '}']
        };
        let at = hash.rfind(separators).unwrap_or(hash.len() - 2);
        assert!(
            !matches!(parse(&hash[..at], AcceptedHashes::all()), Ok(Some(_))),
            "{hash}"
        );
    }
}

#[test]
fn accounts_without_a_password_have_no_hash() {
    for text in [
        "!",
        "!!",
        "*",
        "*LK*",
        "x",
        "{}",
        "{CRYPT}",
        "{CRYPT}!",
        "!$6$salt$hash",
        "*0",
        "NP",
        "NULL",
        "!aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fH3jL5nP7r",
    ] {
        assert_eq!(parse(text, AcceptedHashes::NONE), Ok(None), "{text}");
    }
}

#[test]
fn what_is_not_accepted_is_named() {
    for (text, name) in [
        (
            "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
            "a salted SHA-1 of LDAP",
        ),
        (
            "{SSHA512}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
            "a salted SHA-2 of LDAP",
        ),
        ("{MD5}X03MO1qnZdYdgyfeuILPmQ==", "an unsalted MD5 of LDAP"),
        ("{noop}secret", "a plain password"),
        (
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "an unsalted MD5 or NT hash",
        ),
        (
            "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
            "an unsalted SHA-1",
        ),
        ("$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0", "MD5-crypt"),
        ("{CRYPT}$1$5pZSV9va$azfrPr6af3Fc7dLblQXVa0", "MD5-crypt"),
        (
            "$apr1$TqI9WECO$LHZB2DqRlk9nObiB6vJG9.",
            "MD5-crypt of Apache",
        ),
        (
            "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
            "a double SHA-1 of MySQL",
        ),
        (
            "sha1$3c0f$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
            "a salted SHA-1 of Django",
        ),
        (
            "SCRAM-SHA-256$4096:c2FsdA==$c3Q=:c2s=",
            "a SCRAM verifier of PostgreSQL",
        ),
        ("$2b$12$short", "an incomplete or malformed hash of bcrypt"),
        (
            "pbkdf2_sha256$1000$salt",
            "an incomplete or malformed hash of pbkdf2",
        ),
    ] {
        let expected = format!(
            "password_hash looks like {name}, which is not accepted; accepted are hashes of argon2, bcrypt, \
             scrypt and pbkdf2"
        );
        assert_eq!(message(text), expected);
    }
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
        "$scrypt$ln=1048576,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "{scrypt}$150801$aM15713r3Xsvxbi31lqr1Q==$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E=",
        "pbkdf2_sha256$20000000$salt$jdzZUG4mOVxN3NkEHYvAJb5Jt1IEbqVl6eDkNAGcrJ4=",
        "scrypt:1048576:8:1$salt$abcdef",
    ] {
        assert_eq!(code(hash), Some("out_of_range"), "{hash}");
    }
}

#[test]
fn anything_else_is_refused() {
    for text in [
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
        "$argon2id$v=19$m=64,t=2,p=1$c29tZQ$RdescudvJCsgt3ub+b/daRWJTmaaJObGZfp1Yo8Wcwc".to_owned(),
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
        if let Ok(Some(_)) = parse(&text, AcceptedHashes::NONE) {
            let hash = PasswordHash::new(&text).unwrap();
            let verified = Argon2::default().verify_password(b"password", &hash);
            prop_assert_eq!(verified, Err(VerifyError::PasswordInvalid));
        }
    }

    #[test]
    fn any_text_is_a_hash_or_is_refused(
        text in prop_oneof![
            any::<String>(),
            "\\$(argon2id|2b|scrypt|pbkdf2|é)\\$?[a-z0-9=,$é]{0,60}",
        ],
    ) {
        let _ = parse(&text, AcceptedHashes::all());
    }
}
