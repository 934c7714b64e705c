//! Which users to list.

use super::search_term::SearchTerm;

/// Which users: all conditions together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only active or only inactive users.
    pub is_active: Option<bool>,
    /// Only superusers or only others.
    pub is_superuser: Option<bool>,
    /// Only users that contain this text.
    pub search: Option<SearchTerm>,
}
