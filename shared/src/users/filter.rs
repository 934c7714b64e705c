//! Which users to list.

use chrono::{DateTime, Utc};

use super::{exact_value::ExactValue, search_term::SearchTerm};
use crate::platform::user_id::UserId;

/// Which users: all conditions together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only active or only inactive users.
    pub is_active: Option<bool>,
    /// Only superusers or only others.
    pub is_superuser: Option<bool>,
    /// Only users that contain this text.
    pub search: Option<SearchTerm>,
    /// Only the user with this email.
    pub email: Option<ExactValue>,
    /// Only the user with this username.
    pub username: Option<ExactValue>,
    /// Only users with one of these ids.
    pub ids: Option<Vec<UserId>>,
    /// Only users created then or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Only users created before then.
    pub created_to: Option<DateTime<Utc>>,
}

impl Filter {
    /// Whether unique indexes lead to its users.
    #[must_use]
    pub fn is_look_up(&self) -> bool {
        self.email.is_some() || self.username.is_some() || self.ids.is_some()
    }

    /// Whether it has a range of times.
    #[must_use]
    pub fn has_range(&self) -> bool {
        self.created_from.is_some() || self.created_to.is_some()
    }
}
