//! How much work a search may be.

use std::time::Duration;

use super::variables::{ConfigError, Variables};

/// Ten million users are looked through in less, unless the term has no three letters or digits in a row.
const DEFAULT_TIME: Duration = Duration::from_secs(2);

/// The settings of searches.
#[derive(Debug, Clone, Copy)]
pub struct SearchConfig {
    /// `SEARCH_TIME_MILLISECONDS`, 1 to 10,000: how long a search may look for matches before it gives
    /// a page that is short. Default 2,000.
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
