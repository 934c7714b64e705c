//! The dashboard's numbers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How many users there are, in one snapshot of the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserStats {
    /// All users.
    pub total_users: i64,
    /// Users that may do something.
    pub active_users: i64,
    /// Users that may not.
    pub inactive_users: i64,
    /// Users that may administrate others, active or not.
    pub superusers: i64,
    /// Users created since 00:00 UTC, if the table says when they were.
    pub new_users_today: Option<i64>,
    /// Users created in the last 7 x 24 hours, if the table says when they were.
    pub new_users_week: Option<i64>,
    /// The moment of the snapshot.
    pub timestamp: DateTime<Utc>,
}
