//! Which part of a list to fetch, and what is around it.

use super::{ranges::Ranges, row::ListRow};
use crate::users::{Cursor, Direction, ListQuery, Page, Position, Sort, User};

/// Which rows to fetch, in which order: a page and one row more, which tells whether others follow.
pub(super) struct Slice<'q> {
    pub(super) query: &'q ListQuery,
    pub(super) towards: Direction,
    pub(super) sort: Sort,
    pub(super) beside: Option<&'q Cursor>,
    pub(super) offset: i64,
    pub(super) limit: i64,
}

impl<'q> Slice<'q> {
    pub(super) fn of(query: &'q ListQuery) -> Self {
        let limit = i64::from(query.size) + 1;
        match &query.position {
            Position::Page(_) => Self {
                query,
                towards: Direction::Next,
                sort: query.sort,
                beside: None,
                offset: i64::try_from(query.rows_before()).unwrap_or(i64::MAX),
                limit,
            },
            Position::Cursor(cursor) => Self {
                query,
                towards: cursor.towards,
                sort: match cursor.towards {
                    Direction::Next => query.sort,
                    Direction::Previous => Sort {
                        order: query.sort.order.reversed(),
                        ..query.sort
                    },
                },
                beside: Some(cursor),
                offset: 0,
                limit,
            },
        }
    }

    /// The rows of the slice, where no search picks from them.
    pub(super) fn ranges(&self) -> Ranges<'q> {
        Ranges {
            filter: &self.query.filter,
            term: None,
            sort: self.sort,
            beside: self.beside,
            offset: self.offset,
            limit: self.limit,
        }
    }

    /// Whether so many rows are more than the page takes.
    pub(super) fn overflows(&self, rows: usize) -> bool {
        rows > self.size()
    }

    fn size(&self) -> usize {
        usize::try_from(self.query.size).unwrap_or(usize::MAX)
    }

    /// The page from what was fetched.
    pub(super) fn page(&self, fetched: Fetched) -> Page {
        let Fetched {
            mut rows,
            first_seen,
            last_seen,
        } = fetched;
        let is_more = self.overflows(rows.len());
        rows.truncate(self.size());
        let cursor_at =
            |row: Option<&ListRow>, towards| row.map(|row| row.cursor(self.sort.by, towards));
        let onward = if is_more {
            cursor_at(rows.last(), self.towards)
        } else {
            last_seen
        };
        let back = first_seen.or_else(|| cursor_at(rows.first(), self.towards.reversed()));
        let (next, previous) = match (&self.query.position, self.towards) {
            (Position::Page(1), _) => (onward, None),
            (Position::Page(_), _) => (onward, cursor_at(rows.first(), Direction::Previous)),
            (Position::Cursor(_), Direction::Next) => (onward, back),
            (Position::Cursor(_), Direction::Previous) => (back, onward),
        };
        if self.towards == Direction::Previous {
            rows.reverse();
        }
        Page {
            next,
            previous,
            users: rows.into_iter().map(User::from).collect(),
            total: None,
            is_complete: true,
        }
    }
}

/// What was fetched of a slice, in the direction in which it was.
pub(super) struct Fetched {
    /// Rows that belong to the list.
    pub(super) rows: Vec<ListRow>,
    /// The way back from the first row that was looked at, where a search passes rows over.
    pub(super) first_seen: Option<Cursor>,
    /// The way on from the last row that was looked at, where a search stopped before its end.
    pub(super) last_seen: Option<Cursor>,
}

impl From<Vec<ListRow>> for Fetched {
    /// Without gaps.
    fn from(rows: Vec<ListRow>) -> Self {
        Self {
            rows,
            first_seen: None,
            last_seen: None,
        }
    }
}
