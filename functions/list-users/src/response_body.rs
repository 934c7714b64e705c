//! The body of a list.

use serde::Serialize;
use shared::users::{Cursor, ListQuery, Page, Position, Total, User};

/// A page of users and how to get to the others.
#[derive(Debug, Serialize)]
pub(crate) struct ListBody {
    pub(crate) items: Vec<User>,
    pub(crate) total: Option<u64>,
    pub(crate) total_relation: Option<&'static str>,
    pub(crate) page: Option<u32>,
    pub(crate) size: u32,
    pub(crate) pages: Option<u64>,
    pub(crate) next_cursor: Option<String>,
    pub(crate) prev_cursor: Option<String>,
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
                Some("eq"),
                Some(total.div_ceil(u64::from(query.size))),
            ),
            Some(Total::AtLeast(total)) => (Some(total), Some("gte"), None),
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
            next_cursor: page.next.map(encode),
            prev_cursor: page.previous.map(encode),
        }
    }
}
