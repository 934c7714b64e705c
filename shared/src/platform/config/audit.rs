//! Whether and how long changes are remembered.

use super::variables::{ConfigError, Variables};

const DEFAULT_RETENTION_DAYS: u16 = 365;

/// The settings of the log of changes.
#[derive(Debug, Clone, Copy)]
pub struct AuditConfig {
    /// `AUDIT_LOG`, `on` or `off`: whether requests write entries. Default `on`.
    pub is_on: bool,
    /// `AUDIT_RETENTION_DAYS`, 0 to 36,500: how long entries are kept at least. Default 365; 0 keeps them for
    /// ever.
    pub retention_days: Option<u16>,
}

impl AuditConfig {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(&Variables::of_process())
    }

    /// Reads the given variables.
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let is_on = variables.one_of("AUDIT_LOG", &[("on", true), ("off", false)])?;
        let days = variables.whole_number("AUDIT_RETENTION_DAYS", 0..=36_500)?;
        let days = days.unwrap_or(DEFAULT_RETENTION_DAYS);
        Ok(Self {
            is_on: is_on.unwrap_or(true),
            retention_days: (days > 0).then_some(days),
        })
    }
}
