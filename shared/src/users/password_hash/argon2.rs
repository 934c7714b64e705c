//! argon2: one writing, the PHC string.

use argon2::{
    Params, Version,
    password_hash::phc::{Ident, PasswordHash},
};

use super::{
    costs,
    problem::{Checked, Problem},
};

pub(super) fn check(text: &str) -> Checked {
    let variant = text.strip_prefix("$argon2")?.split('$').next()?;
    ["id", "i", "d"].contains(&variant).then(|| check_phc(text))
}

/// Accepts what RFC 9106, section 3.1, does. Versions before 19 wrote no version. Some implementations
/// write a key's id and associated data, and some padding at the ends of salt and hash.
fn check_phc(text: &str) -> Result<(), Problem> {
    let is_padded = text.ends_with('=') || text.contains("=$");
    let unpadded = || {
        let parts: Vec<_> = text
            .split('$')
            .map(|part| part.trim_end_matches('='))
            .collect();
        parts.join("$")
    };
    let unpadded = is_padded.then(unpadded);
    let hash = PasswordHash::new(unpadded.as_deref().unwrap_or(text));
    let hash = hash.map_err(|_| Problem::Malformed)?;
    check_names(&hash)?;
    let unverifiable = || Problem::Unverifiable("argon2");
    let params = Params::try_from(&hash).map_err(|_| unverifiable())?;
    if let Some(version) = hash.version {
        Version::try_from(version).map_err(|_| unverifiable())?;
    }
    costs::argon2(params.m_cost(), params.t_cost(), params.p_cost())
}

/// Checks that the hash is complete, and has each parameter once: of two values, the one that is not
/// bounded here could be the one that is verified with.
fn check_names(hash: &PasswordHash) -> Result<(), Problem> {
    const REQUIRED: [&str; 3] = ["m", "t", "p"];
    const OPTIONAL: [&str; 2] = ["keyid", "data"];
    let names: Vec<_> = hash.params.iter().map(|(name, _)| name).collect();
    let times = |wanted: &str| names.iter().filter(|name| name.as_str() == wanted).count();
    let is_known =
        |name: &Ident| REQUIRED.contains(&name.as_str()) || OPTIONAL.contains(&name.as_str());
    let is_complete = hash.salt.is_some()
        && hash.hash.is_some()
        && REQUIRED.iter().all(|name| times(name) == 1)
        && names
            .iter()
            .all(|name| is_known(name) && times(name.as_str()) == 1);
    is_complete.then_some(()).ok_or(Problem::Malformed)
}
