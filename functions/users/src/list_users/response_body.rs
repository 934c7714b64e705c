//! The body of a list.

use serde::Serialize;
use shared::users::{Cursor, ListQuery, Page, Position, Total, User};

/// A page of users and how to get to the others.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UserList))]
pub(crate) struct ListBody {
    /// The users, in order.
    pub(crate) items: Vec<User>,
    /// How many users match, as far as they were counted.
    pub(crate) total: Option<u64>,
    /// What `total` is to the true number.
    pub(crate) total_relation: Option<TotalRelation>,
    /// The number of this page, if it was asked for by number.
    pub(crate) page: Option<u32>,
    /// The most users of a page.
    pub(crate) size: u32,
    /// How many pages there are, if the users were counted to the end.
    pub(crate) pages: Option<u64>,
    /// Whether the page has all the users that it should have. `false` after a search that had to stop early:
    /// go on with `next_cursor` (or `prev_cursor`).
    pub(crate) complete: bool,
    /// Where to go on; `null` at the end.
    pub(crate) next_cursor: Option<String>,
    /// Where to go back to; `null` at the beginning.
    pub(crate) prev_cursor: Option<String>,
}

/// What `total` is to the number of all users that match.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum TotalRelation {
    /// It is that number.
    Eq,
    /// There are as many or more.
    Gte,
}

impl ListBody {
    /// Whether the page has as many users as were asked for.
    pub(crate) fn is_full(&self) -> bool {
        u32::try_from(self.items.len()).is_ok_and(|items| items >= self.size)
    }

    pub(crate) fn new(query: &ListQuery, page: Page) -> Self {
        let encode = |cursor: Cursor| cursor.encode(&query.filter, query.sort);
        let (total, total_relation, pages) = match page.total {
            Some(Total::Exactly(total)) => (
                Some(total),
                Some(TotalRelation::Eq),
                Some(total.div_ceil(u64::from(query.size))),
            ),
            Some(Total::AtLeast(total)) => (Some(total), Some(TotalRelation::Gte), None),
            None => (None, None, None),
        };
        Self {
            items: page.users,
            total,
            total_relation,
            page: match query.position {
                Position::Page(page) => Some(page),
                Position::Cursor(_) => None,
            },
            size: query.size,
            pages,
            complete: page.is_complete,
            next_cursor: page.next.map(encode),
            prev_cursor: page.previous.map(encode),
        }
    }
}
