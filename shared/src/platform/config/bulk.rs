//! How many users an import may have, and how their passwords are hashed.

use super::variables::{ConfigError, Variables};

/// What fits a request of 6 MB in any format, with an answer that fits another.
pub const MAX_BULK_ROWS: usize = 10_000;

/// A core of Lambda hashes some 70 passwords a second; `docs/operations.md` has a table.
const DEFAULT_MAX_PASSWORDS: usize = 1_000;

/// What OWASP's Password Storage Cheat Sheet asks of argon2id at least: for each number of passes,
/// the memory in KiB that makes it as strong as the others. More passes than the last need no less.
const OWASP_MINIMUM: [(u32, u32); 5] = [
    (1, 47_104),
    (2, 19_456),
    (3, 12_288),
    (4, 9_216),
    (5, 7_168),
];

/// The settings of imports.
#[derive(Debug, Clone, Copy)]
pub struct BulkConfig {
    /// `BULK_MAX_ROWS`, 1 to 10,000: users in one request. Default 10,000.
    pub max_rows: usize,
    /// `BULK_MAX_PASSWORDS`, 1 to 10,000: users with a plaintext password in one request. Default 1,000,
    /// which a whole core hashes in half of the default request timeout.
    pub max_passwords: usize,
    /// `PASSWORD_HASH`: what plaintext passwords become.
    pub password_hash: PasswordHash,
    /// The cost of argon2id.
    pub argon2: Argon2Config,
}

/// What plaintext passwords become: hashes that the application verifies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PasswordHash {
    /// `argon2id`, the default.
    #[default]
    Argon2id,
    /// `bcrypt`, with a cost of 12.
    Bcrypt,
    /// `pbkdf2-django`: Django's `pbkdf2_sha256` with a million iterations, as in its release 5.2.
    Pbkdf2Django,
    /// `scrypt-werkzeug`: `scrypt:32768:8:1`, as Werkzeug 3 writes it.
    ScryptWerkzeug,
    /// `none`: passwords are refused, because the application keeps them elsewhere.
    None,
}

/// The cost of argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Config {
    /// `ARGON2_MEMORY_KIB`, 7,168 to 1,048,576. Default 19,456.
    pub memory_kib: u32,
    /// `ARGON2_PASSES`, 1 to 10. Default 2.
    pub passes: u32,
    /// `ARGON2_LANES`, 1 to 16. Default 1.
    pub lanes: u32,
}

impl BulkConfig {
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            max_rows: variables
                .whole_number("BULK_MAX_ROWS", 1..=10_000)?
                .unwrap_or(MAX_BULK_ROWS),
            max_passwords: variables
                .whole_number("BULK_MAX_PASSWORDS", 1..=10_000)?
                .unwrap_or(DEFAULT_MAX_PASSWORDS),
            password_hash: variables
                .one_of(
                    "PASSWORD_HASH",
                    &[
                        ("argon2id", PasswordHash::Argon2id),
                        ("bcrypt", PasswordHash::Bcrypt),
                        ("pbkdf2-django", PasswordHash::Pbkdf2Django),
                        ("scrypt-werkzeug", PasswordHash::ScryptWerkzeug),
                        ("none", PasswordHash::None),
                    ],
                )?
                .unwrap_or_default(),
            argon2: Argon2Config::from_variables(variables)?,
        })
    }
}

impl Argon2Config {
    fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let memory_kib = variables.whole_number("ARGON2_MEMORY_KIB", 7_168..=1 << 20)?;
        let passes = variables.whole_number("ARGON2_PASSES", 1..=10)?;
        let lanes = variables.whole_number("ARGON2_LANES", 1..=16)?;
        let config = Self {
            memory_kib: memory_kib.unwrap_or(19_456),
            passes: passes.unwrap_or(2),
            lanes: lanes.unwrap_or(1),
        };
        let least = config.least_memory();
        if config.memory_kib < least {
            return Err(ConfigError::new(
                "ARGON2_MEMORY_KIB",
                format!(
                    "must be at least {least} with ARGON2_PASSES at {}, but is {}",
                    config.passes, config.memory_kib
                ),
            ));
        }
        Ok(config)
    }

    fn least_memory(self) -> u32 {
        OWASP_MINIMUM
            .into_iter()
            .rfind(|&(passes, _)| passes <= self.passes)
            .map_or(0, |(_, memory_kib)| memory_kib)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argon2(pairs: [(&str, &str); 2]) -> Result<Argon2Config, String> {
        Argon2Config::from_variables(&Variables::from(pairs)).map_err(|error| error.to_string())
    }

    #[test]
    fn hashing_costs_what_owasp_asks_for_unless_it_is_told_to_cost_more() {
        let default = Argon2Config::from_variables(&Variables::from([])).unwrap();
        assert_eq!(
            (default.memory_kib, default.passes, default.lanes),
            (19_456, 2, 1)
        );
        assert!(argon2([("ARGON2_MEMORY_KIB", "7168"), ("ARGON2_PASSES", "6")]).is_ok());
        assert_eq!(
            argon2([("ARGON2_MEMORY_KIB", "19456"), ("ARGON2_PASSES", "1")]).unwrap_err(),
            "ARGON2_MEMORY_KIB must be at least 47104 with ARGON2_PASSES at 1, but is 19456"
        );
    }
}
