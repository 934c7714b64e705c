//! New users by day.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// New users of one day in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DaySignups {
    /// The day.
    pub date: NaiveDate,
    /// Users that were created on it and are not deleted.
    pub new_users: i64,
}

/// New users of consecutive days in UTC, the oldest first and today last, in one snapshot of the
/// database. Days without new users are there too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Signups {
    /// The days.
    pub days: Vec<DaySignups>,
    /// The moment of the snapshot.
    pub timestamp: DateTime<Utc>,
}

impl Signups {
    /// The youngest days alone.
    #[must_use]
    pub fn of_last(mut self, days: usize) -> Self {
        self.days.drain(..self.days.len().saturating_sub(days));
        self
    }
}
