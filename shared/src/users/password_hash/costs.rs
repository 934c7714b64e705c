//! The application pays the cost of an imported hash at every login, so costs are bounded. The limits of
//! argon2, bcrypt, scrypt and PBKDF2 are those of Ory Kratos.

use super::problem::Problem;

const ARGON2_MEMORY_KIB: u32 = 1 << 20;
const ARGON2_PASSES: u32 = 10;
const ARGON2_LANES: u32 = 16;
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=15;
const SCRYPT_LOG_N: u32 = 17;
const SCRYPT_R: u32 = 32;
const SCRYPT_P: u32 = 16;
/// N * r * p of OWASP's recommendation. Ruby's scrypt takes a small N and a large p.
const SCRYPT_WORK: u64 = 1 << 20;
const PBKDF2_ITERATIONS: u32 = 10_000_000;

fn bounded(is_bounded: bool, accepted: impl FnOnce() -> String) -> Result<(), Problem> {
    if is_bounded {
        Ok(())
    } else {
        Err(Problem::TooCostly(accepted()))
    }
}

pub(super) fn argon2(memory_kib: u32, passes: u32, lanes: u32) -> Result<(), Problem> {
    let is_bounded =
        memory_kib <= ARGON2_MEMORY_KIB && passes <= ARGON2_PASSES && lanes <= ARGON2_LANES;
    bounded(is_bounded, || {
        format!(
            "argon2 with m up to {ARGON2_MEMORY_KIB}, t up to {ARGON2_PASSES} and p up to {ARGON2_LANES}"
        )
    })
}

pub(super) fn bcrypt(cost: u32) -> Result<(), Problem> {
    bounded(BCRYPT_COST.contains(&cost), || {
        let (least, most) = (BCRYPT_COST.start(), BCRYPT_COST.end());
        format!("bcrypt with a cost from {least} to {most}")
    })
}

/// RFC 7914, section 2: N is more than 1 and less than 2^(128 * r / 8).
pub(super) fn scrypt(log_n: u32, r: u32, p: u32) -> Result<(), Problem> {
    if log_n == 0 || r == 0 || p == 0 || log_n / 16 >= r {
        return Err(Problem::Unverifiable("scrypt"));
    }
    let is_bounded = log_n <= SCRYPT_LOG_N
        && r <= SCRYPT_R
        && (p <= SCRYPT_P || (u64::from(r) * u64::from(p)) << log_n <= SCRYPT_WORK);
    bounded(is_bounded, || {
        format!("scrypt with ln up to {SCRYPT_LOG_N}, r up to {SCRYPT_R} and p up to {SCRYPT_P}")
    })
}

/// The same for a number of which N is not the logarithm.
pub(super) fn scrypt_n(n: u32, r: u32, p: u32) -> Result<(), Problem> {
    if !n.is_power_of_two() {
        return Err(Problem::Unverifiable("scrypt"));
    }
    scrypt(n.trailing_zeros(), r, p)
}

pub(super) fn pbkdf2(iterations: u32) -> Result<(), Problem> {
    if iterations == 0 {
        return Err(Problem::Unverifiable("pbkdf2"));
    }
    bounded(iterations <= PBKDF2_ITERATIONS, || {
        format!("pbkdf2 with up to {PBKDF2_ITERATIONS} iterations")
    })
}

pub(super) fn sha_crypt(rounds: u32) -> Result<(), Problem> {
    const ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=5_000_000;
    bounded(ROUNDS.contains(&rounds), || {
        let (least, most) = (ROUNDS.start(), ROUNDS.end());
        format!("SHA-crypt with {least} to {most} rounds")
    })
}

pub(super) fn yescrypt(log_n: u32) -> Result<(), Problem> {
    const LOG_N: u32 = 18;
    bounded(log_n <= LOG_N, || {
        format!("yescrypt with N up to 2^{LOG_N}")
    })
}

pub(super) fn phpass(log_rounds: u32) -> Result<(), Problem> {
    const LOG_ROUNDS: std::ops::RangeInclusive<u32> = 7..=20;
    bounded(LOG_ROUNDS.contains(&log_rounds), || {
        let (least, most) = (LOG_ROUNDS.start(), LOG_ROUNDS.end());
        format!("phpass with 2^{least} to 2^{most} rounds")
    })
}
