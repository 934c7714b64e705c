//! Which part of a list to fetch, and what is around it.

use super::{merged_ranges::MergedRanges, row::ListRow};
use crate::users::{Cursor, Direction, ListQuery, Page, Position, Sort, User};

/// Which rows to fetch, in which order: a page and one row more, which tells whether others follow.
pub(super) struct PageBounds<'q> {
    pub(super) query: &'q ListQuery,
    pub(super) direction: Direction,
    pub(super) sort: Sort,
    pub(super) after: Option<&'q Cursor>,
    pub(super) offset: i64,
    pub(super) limit: i64,
}

impl<'q> PageBounds<'q> {
    pub(super) fn of(query: &'q ListQuery) -> Self {
        let limit = i64::from(query.size) + 1;
        match &query.position {
            Position::Page(_) => Self {
                query,
                direction: Direction::Next,
                sort: query.sort,
                after: None,
                offset: i64::try_from(query.rows_before()).unwrap_or(i64::MAX),
                limit,
            },
            Position::Cursor(cursor) => Self {
                query,
                direction: cursor.direction,
                sort: match cursor.direction {
                    Direction::Next => query.sort,
                    Direction::Previous => Sort {
                        order: query.sort.order.reversed(),
                        ..query.sort
                    },
                },
                after: Some(cursor),
                offset: 0,
                limit,
            },
        }
    }

    /// The rows of the bounds, where no search picks from them.
    pub(super) fn ranges(&self) -> MergedRanges<'q> {
        MergedRanges {
            filter: &self.query.filter,
            is_searched: false,
            sort: self.sort,
            after: self.after,
            offset: self.offset,
            limit: self.limit,
        }
    }

    /// Whether this many rows are more than the page takes.
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
            |row: Option<&ListRow>, direction| row.map(|row| row.cursor(self.sort.by, direction));
        let onward = if is_more {
            cursor_at(rows.last(), self.direction)
        } else {
            last_seen
        };
        let back = first_seen.or_else(|| cursor_at(rows.first(), self.direction.reversed()));
        let (next, previous) = match (&self.query.position, self.direction) {
            (Position::Page(1), _) => (onward, None),
            (Position::Page(_), _) => (onward, cursor_at(rows.first(), Direction::Previous)),
            (Position::Cursor(_), Direction::Next) => (onward, back),
            (Position::Cursor(_), Direction::Previous) => (back, onward),
        };
        if self.direction == Direction::Previous {
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

/// What was fetched of a bounds, in the direction in which it was.
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
