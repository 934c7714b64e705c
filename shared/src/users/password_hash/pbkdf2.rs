//! PBKDF2: every framework has its own writing.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    costs, parts,
    problem::{Checked, Problem},
};

const DIGESTS: [&str; 5] = ["sha1", "sha224", "sha256", "sha384", "sha512"];

pub(super) fn check(text: &str) -> Checked {
    let malformed = || Some(Err(Problem::Malformed));
    if let Some((scheme, hash)) = parts::scheme(text) {
        let scheme = scheme.to_ascii_lowercase();
        return match scheme.strip_prefix("pbkdf2") {
            Some(digest) => check_scheme(digest, hash).or_else(malformed),
            None if scheme == "pkcs5s2" => check_atlassian(hash).or_else(malformed),
            None => None,
        };
    }
    if let Some(rest) = text.strip_prefix("$pbkdf2") {
        check_modular(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("$p5k2$") {
        check_p5k2(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("pbkdf2_") {
        check_django(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("pbkdf2:") {
        check_werkzeug(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("grub.pbkdf2.") {
        check_grub(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix(":pbkdf2:") {
        check_mediawiki(rest).or_else(malformed)
    } else {
        check_colons(text).or_else(|| check_aspnet(text))
    }
}

fn is_digest(text: &str) -> bool {
    DIGESTS.contains(&text)
}

/// `-sha256$29000$salt$hash` of Passlib, or PHC's `-sha256$i=29000,l=32$salt$hash`, where `l`, if it is there,
/// says how long the hash is.
fn check_modular(text: &str) -> Checked {
    let [digest, parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (iterations, length) = match parts::parameters(parameters, ["i", "l"]) {
        Some([iterations, length]) => (iterations, Some(length)),
        None => (
            parts::parameters(parameters, ["i"]).map_or(parameters, |[i]| i),
            None,
        ),
    };
    let iterations = parts::number(iterations)?;
    let is_digest = digest.is_empty() || digest.strip_prefix('-').is_some_and(is_digest);
    let is_complete = is_digest && parts::is_base64(salt) && parts::is_base64(hash);
    let is_length = |length| {
        parts::number(length).map(|length| length as usize) == Some(parts::base64_length(hash))
    };
    if is_complete && !length.is_none_or(is_length) {
        return Some(Err(Problem::Unverifiable("pbkdf2")));
    }
    is_complete.then(|| costs::pbkdf2(iterations))
}

/// `iterations$salt$hash` with the iterations in hexadecimal; none are 400.
fn check_p5k2(text: &str) -> Checked {
    let [iterations, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let iterations = if iterations.is_empty() {
        400
    } else {
        parts::hex_number(iterations)?
    };
    (parts::is_salt(salt) && parts::is_base64(hash)).then(|| costs::pbkdf2(iterations))
}

/// `sha256$iterations$salt$hash`.
fn check_django(text: &str) -> Checked {
    let [digest, iterations, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let iterations = parts::number(iterations)?;
    let is_complete = is_digest(digest) && parts::is_salt(salt) && parts::is_base64(hash);
    is_complete.then(|| costs::pbkdf2(iterations))
}

/// `sha256:iterations$salt$hash`.
fn check_werkzeug(text: &str) -> Checked {
    let [parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (digest, iterations) = parameters.split_once(':')?;
    let iterations = parts::number(iterations)?;
    let is_complete = is_digest(digest) && parts::is_salt(salt) && parts::is_hex(hash);
    is_complete.then(|| costs::pbkdf2(iterations))
}

/// The schemes of `OpenLDAP` and Passlib (`iterations$salt$hash`), Dovecot (`$1$salt$iterations$hash`),
/// 389 Directory Server (four bytes of iterations, salt and hash in base64) and Spring (salt and hash in
/// hexadecimal; the application knows the iterations).
fn check_scheme(digest: &str, text: &str) -> Checked {
    let digest = digest.trim_start_matches(['-', '_']);
    let is_spring = digest.is_empty() || digest.starts_with('@');
    match text.split('$').collect::<Vec<_>>()[..] {
        [iterations, salt, hash] => {
            let iterations = parts::number(iterations)?;
            let is_complete = (digest.is_empty() || is_digest(digest))
                && parts::is_base64(salt)
                && parts::is_base64(hash);
            is_complete.then(|| costs::pbkdf2(iterations))
        }
        ["", "1", salt, iterations, hash] => {
            let iterations = parts::number(iterations)?;
            let is_complete = parts::is_salt(salt) && parts::is_hex(hash);
            is_complete.then(|| costs::pbkdf2(iterations))
        }
        [hash] if is_spring => (hash.len() >= 48 && parts::is_hex(hash)).then_some(Ok(())),
        [hash] => {
            let bytes = STANDARD.decode(hash).ok().filter(|_| is_digest(digest))?;
            let iterations = u32::from_be_bytes(*bytes.first_chunk()?);
            (bytes.len() > 64).then(|| costs::pbkdf2(iterations))
        }
        _ => None,
    }
}

/// 16 bytes of salt and 32 of a hash of 10,000 iterations.
fn check_atlassian(text: &str) -> Checked {
    let bytes = STANDARD.decode(text).ok()?;
    (bytes.len() == 48).then_some(Ok(()))
}

/// `sha512.iterations.salt.hash`.
fn check_grub(text: &str) -> Checked {
    let [digest, iterations, salt, hash] = text.split('.').collect::<Vec<_>>()[..] else {
        return None;
    };
    let iterations = parts::number(iterations)?;
    let is_complete = is_digest(digest) && parts::is_hex(salt) && parts::is_hex(hash);
    is_complete.then(|| costs::pbkdf2(iterations))
}

/// `sha512:iterations:length:salt:hash`.
fn check_mediawiki(text: &str) -> Checked {
    let [digest, iterations, length, salt, hash] = text.split(':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (iterations, _) = (parts::number(iterations)?, parts::number(length)?);
    let is_complete = is_digest(digest) && parts::is_base64(salt) && parts::is_base64(hash);
    is_complete.then(|| costs::pbkdf2(iterations))
}

/// `sha1:64000:18:salt:hash` of Defuse's `PasswordStorage`, and `sha1:1000:salt:hash` before.
fn check_colons(text: &str) -> Checked {
    let (digest, iterations, salt, hash) = match text.split(':').collect::<Vec<_>>()[..] {
        [digest, iterations, salt, hash] if salt.len() >= 8 => (digest, iterations, salt, hash),
        [digest, iterations, length, salt, hash] if parts::number(length).is_some() => {
            (digest, iterations, salt, hash)
        }
        _ => return None,
    };
    let iterations = parts::number(iterations)?;
    let is_complete = is_digest(digest) && parts::is_base64(salt) && parts::is_base64(hash);
    is_complete.then(|| costs::pbkdf2(iterations))
}

/// ASP.NET Core Identity: version 3 has a one, the digest, iterations and length of the salt in four bytes
/// each, salt and hash; version 2 has a zero, 16 bytes of salt and 32 of a hash of 1,000 iterations.
fn check_aspnet(text: &str) -> Checked {
    if !text.starts_with('A') || text.len() < 64 {
        return None;
    }
    let bytes = STANDARD.decode(text).ok()?;
    match bytes[..] {
        [0, ..] => (bytes.len() == 49).then_some(Ok(())),
        [1, 0, 0, 0, digest, i0, i1, i2, i3, 0, 0, 0, salt, ..] => {
            let is_complete =
                digest <= 2 && salt >= 8 && bytes.len() >= 13 + usize::from(salt) + 16;
            let iterations = u32::from_be_bytes([i0, i1, i2, i3]);
            is_complete.then(|| costs::pbkdf2(iterations))
        }
        _ => None,
    }
}
