//! scrypt: every library has its own writing.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    costs, parts,
    problem::{Checked, Problem},
};

/// What a hash of Tarsnap's `scrypt` begins with, in base64.
const TARSNAP: &str = "c2NyeXB0A";

pub(super) fn check(text: &str) -> Checked {
    let malformed = || Some(Err(Problem::Malformed));
    if let Some(rest) = text.strip_prefix("$scrypt$") {
        check_phc(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("$7$") {
        check_crypt(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("scrypt:") {
        check_werkzeug(rest).or_else(malformed)
    } else if let Some(rest) = text.strip_prefix("scrypt$") {
        check_django(rest).or_else(malformed)
    } else if text.starts_with(TARSNAP) {
        check_tarsnap(text).or_else(malformed)
    } else {
        check_packed(text).or_else(|| check_numbers(text))
    }
}

/// `ln=14,r=8,p=1$salt$hash`. Ory Kratos writes N itself as `ln`; no logarithm is as large as the least N
/// that it takes.
fn check_phc(text: &str) -> Checked {
    let [parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let [ln, r, p] = parts::parameters(parameters, ["ln", "r", "p"])?.map(parts::number);
    let (ln, r, p) = (ln?, r?, p?);
    let is_complete = parts::is_base64(salt) && parts::is_base64(hash);
    is_complete.then(|| {
        if ln < 64 {
            costs::scrypt(ln, r, p)
        } else {
            costs::scrypt_n(ln, r, p)
        }
    })
}

/// The form of crypt(3) and libsodium: a digit of N, five of r, five of p, the salt, and the hash.
fn check_crypt(text: &str) -> Checked {
    let (parameters, hash) = text.split_once('$')?;
    let number = |digits: &[u8]| {
        let digits = digits.iter().rev();
        digits
            .copied()
            .try_fold(0, |sum, digit| Some(sum << 6 | parts::crypt_digit(digit)?))
    };
    let bytes = parameters.as_bytes();
    let log_n = number(bytes.get(..1)?)?;
    let (r, p) = (number(bytes.get(1..6)?)?, number(bytes.get(6..11)?)?);
    parts::is_crypt(hash, 43).then(|| costs::scrypt(log_n, r, p))
}

/// `N:r:p$salt$hash`.
fn check_werkzeug(text: &str) -> Checked {
    let [parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let [n, r, p] = parameters.split(':').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (n, r, p) = (parts::number(n)?, parts::number(r)?, parts::number(p)?);
    (parts::is_salt(salt) && parts::is_hex(hash)).then(|| costs::scrypt_n(n, r, p))
}

/// `N$salt$r$p$hash`.
fn check_django(text: &str) -> Checked {
    let [n, salt, r, p, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (n, r, p) = (parts::number(n)?, parts::number(r)?, parts::number(p)?);
    (parts::is_salt(salt) && parts::is_base64(hash)).then(|| costs::scrypt_n(n, r, p))
}

/// `scrypt`, a zero, the logarithm of N, r and p of four bytes each, salt and check sums, in base64.
fn check_tarsnap(text: &str) -> Checked {
    let bytes = STANDARD
        .decode(text)
        .ok()
        .filter(|bytes| bytes.len() == 96)?;
    let number = |at: usize| {
        let bytes = bytes[at..at + 4].try_into().unwrap_or_default();
        u32::from_be_bytes(bytes)
    };
    Some(costs::scrypt(bytes[7].into(), number(8), number(12)))
}

/// Spring's `$e0801$salt$hash` and `$s0$e0801$salt$hash` of Java's `SCryptUtil`: the logarithm of N, and r and
/// p of a byte each, in hexadecimal.
fn check_packed(text: &str) -> Checked {
    let text = text.strip_prefix("$s0").unwrap_or(text).strip_prefix('$')?;
    let [parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let is_packed =
        (5..=6).contains(&parameters.len()) && parts::is_base64(salt) && parts::is_base64(hash);
    let packed = parts::hex_number(parameters).filter(|_| is_packed)?;
    Some(costs::scrypt(
        packed >> 16,
        packed >> 8 & 0xff,
        packed & 0xff,
    ))
}

/// `N$r$p$salt$hash` of Go's simple-scrypt in decimal, or of Ruby's scrypt in hexadecimal.
fn check_numbers(text: &str) -> Checked {
    let [n, r, p, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let decimal = [n, r, p].map(parts::number);
    let hex = [n, r, p].map(parts::hex_number);
    let is_decimal = decimal[0].is_some_and(u32::is_power_of_two);
    let [n, r, p] = if is_decimal { decimal } else { hex };
    let (n, r, p) = (n?, r?, p?);
    (parts::is_hex(salt) && parts::is_hex(hash)).then(|| costs::scrypt_n(n, r, p))
}
