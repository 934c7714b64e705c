//! Hashes that are stored only where the caller asks for them.

use super::{
    accepted::OtherHash,
    costs, parts,
    problem::{Checked, Problem},
};

/// What a hash that does not say its rounds has.
const SHA_CRYPT_ROUNDS: u32 = 5_000;

pub(super) fn check(text: &str) -> Option<(OtherHash, Result<(), Problem>)> {
    let found = |kind, checked: Checked| Some((kind, checked.unwrap_or(Err(Problem::Malformed))));
    let (id, rest) = text.strip_prefix('$')?.split_once('$')?;
    match id {
        "5" => found(OtherHash::ShaCrypt, check_sha_crypt(rest, 43)),
        "6" => found(OtherHash::ShaCrypt, check_sha_crypt(rest, 86)),
        "y" | "gy" => found(OtherHash::Yescrypt, check_yescrypt(rest)),
        "P" | "H" => found(OtherHash::Phpass, check_phpass(rest, 31)),
        "S" => found(OtherHash::Phpass, check_phpass(rest, 52)),
        "firescrypt" => found(OtherHash::FirebaseScrypt, check_firebase(rest)),
        _ => None,
    }
}

/// `rounds=5000$salt$hash`; the rounds may be left out.
fn check_sha_crypt(text: &str, length: usize) -> Checked {
    let (rounds, rest) = match text.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$')?;
            (parts::number(rounds)?, rest)
        }
        None => (SHA_CRYPT_ROUNDS, text),
    };
    let (salt, hash) = rest.split_once('$')?;
    let is_complete = salt.len() <= 16 && parts::is_crypt(hash, length);
    is_complete.then(|| costs::sha_crypt(rounds))
}

/// `j9T$salt$hash`: a digit for the flavour, one for the logarithm of N less one, and more.
fn check_yescrypt(text: &str) -> Checked {
    let [parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let log_n = parts::crypt_digit(*parameters.as_bytes().get(1)?)? + 1;
    let is_complete = parameters.starts_with('j')
        && parts::is_crypt(parameters, parameters.len())
        && parts::is_crypt(salt, salt.len())
        && parts::is_crypt(hash, 43);
    is_complete.then(|| costs::yescrypt(log_n))
}

/// A digit for the logarithm of the rounds, eight of salt, and the hash.
fn check_phpass(text: &str, length: usize) -> Checked {
    let log_rounds = parts::crypt_digit(*text.as_bytes().first()?)?;
    parts::is_crypt(text, length).then(|| costs::phpass(log_rounds))
}

/// Ory Kratos' writing: `ln=14,r=8,p=1$salt$hash$separator$signer key`.
fn check_firebase(text: &str) -> Checked {
    let [parameters, secrets @ ..] = &text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let [ln, r, p] = parts::parameters(parameters, ["ln", "r", "p"])?.map(parts::number);
    let (ln, r, p) = (ln?, r?, p?);
    let is_complete = secrets.len() == 4 && secrets.iter().all(|secret| parts::is_base64(secret));
    is_complete.then(|| costs::scrypt(ln, r, p))
}
