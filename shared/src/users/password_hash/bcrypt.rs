//! bcrypt: the modular crypt form, and those that hash the password before.

use super::{
    costs, parts,
    problem::{Checked, Problem},
};

/// `2` was the first version; `2x` marks hashes of a PHP that treated letters beyond ASCII wrongly.
const VERSIONS: [&str; 5] = ["2", "2a", "2b", "2x", "2y"];

pub(super) fn check(text: &str) -> Checked {
    if let Some(rest) = text.strip_prefix("$bcrypt-sha256$") {
        return Some(check_passlib(rest).unwrap_or(Err(Problem::Malformed)));
    }
    // WordPress hashes the password with SHA-384 before.
    let crypt = text.strip_prefix("$wp").unwrap_or(text).strip_prefix('$')?;
    let (version, rest) = crypt.split_once('$')?;
    VERSIONS
        .contains(&version)
        .then(|| check_crypt(rest).unwrap_or(Err(Problem::Malformed)))
}

/// Two digits of cost, `$`, and 53 characters of salt and hash. The last characters of salt and hash have
/// bits that mean nothing. Old versions of Passlib set them, and it still verifies such hashes.
fn check_crypt(text: &str) -> Checked {
    let (cost, rest) = text.split_once('$')?;
    // Without the digits, "+9" would be a number too.
    let is_cost = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
    let cost = cost.parse().ok().filter(|_| is_cost)?;
    parts::is_crypt(rest, 53).then(|| costs::bcrypt(cost))
}

/// Passlib's `v=2,t=2b,r=12$salt$hash`, or `2a,12$salt$hash` before its version 1.7.3.
fn check_passlib(text: &str) -> Checked {
    let [parameters, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else {
        return None;
    };
    let (version, cost) = match parts::parameters(parameters, ["v", "t", "r"]) {
        Some(["2", version, cost]) => (version, cost),
        Some(_) => return None,
        None => parameters.split_once(',')?,
    };
    let cost = parts::number(cost)?;
    let is_complete =
        VERSIONS.contains(&version) && parts::is_crypt(salt, 22) && parts::is_crypt(hash, 31);
    is_complete.then(|| costs::bcrypt(cost))
}
