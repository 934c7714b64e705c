//! How much work a search may be.

use std::time::Duration;

use super::variables::{ConfigError, Variables};

/// A page should take no more than 50 ms at ten million users; the walk before needs the rest.
const DEFAULT_TIME: Duration = Duration::from_millis(30);

/// The settings of searches.
#[derive(Debug, Clone, Copy)]
pub struct SearchConfig {
    /// `SEARCH_TIME_MILLISECONDS`, 1 to 10,000: how long the database may collect the matches of a term
    /// that is not found on a short walk. Default 30.
    pub time: Duration,
}

impl SearchConfig {
    /// Reads the given variables.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            time: variables
                .whole_number("SEARCH_TIME_MILLISECONDS", 1..=10_000)?
                .map_or(DEFAULT_TIME, Duration::from_millis),
        })
    }
}
