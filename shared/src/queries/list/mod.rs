//! Lists of users.

mod row;
mod searched;
mod total;
mod walked;

use sqlx::{PgConnection, Postgres, QueryBuilder};

use self::row::ListRow;
use crate::{
    database::Query,
    users::{Cursor, ListQuery, Page, Position, Sort, SortBy, SortOrder, Towards, User},
};

pub use self::total::COUNT_CAP;

impl Query for ListQuery {
    type Output = Page;

    /// Takes one round trip: the total comes with the rows, unless there are none.
    async fn run(&self, connection: &mut PgConnection) -> Result<Page, sqlx::Error> {
        let slice = Slice::of(self);
        let mut sql = walked::select(self, &slice);
        // A plan that is kept for all patterns fits none: how common a pattern is decides how to find it.
        let keeps_plan = self.filter.search.is_none();
        let mut rows: Vec<ListRow> = sql
            .build_query_as()
            .persistent(keeps_plan)
            .fetch_all(&mut *connection)
            .await?;
        let total = match rows.first() {
            Some(row) => row.total,
            None => total::count(connection, self).await?,
        };
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let is_more = rows.len() > size;
        rows.truncate(size);
        if slice.towards == Towards::Previous {
            rows.reverse();
        }
        let (is_next, is_previous) = match (&self.position, slice.towards) {
            (Position::Page(page), _) => (is_more, *page > 1),
            (Position::Cursor(_), Towards::Next) => (is_more, true),
            (Position::Cursor(_), Towards::Previous) => (true, is_more),
        };
        let cursor_at =
            |row: Option<&ListRow>, towards| row.map(|row| row.cursor(self.sort.by, towards));
        Ok(Page {
            next: cursor_at(rows.last().filter(|_| is_next), Towards::Next),
            previous: cursor_at(rows.first().filter(|_| is_previous), Towards::Previous),
            users: rows.into_iter().map(User::from).collect(),
            total: total.map(|counted| total::relation(counted, self)),
        })
    }
}

/// Which rows to fetch, in which order: a page and one row more, which tells whether others follow.
struct Slice<'q> {
    towards: Towards,
    sort: Sort,
    beside: Option<&'q Cursor>,
    limit: i64,
    offset: i64,
}

impl<'q> Slice<'q> {
    fn of(query: &'q ListQuery) -> Self {
        let limit = i64::from(query.size) + 1;
        match &query.position {
            Position::Page(page) => Self {
                towards: Towards::Next,
                sort: query.sort,
                beside: None,
                limit,
                offset: i64::from(page - 1) * i64::from(query.size),
            },
            Position::Cursor(cursor) => Self {
                towards: cursor.towards,
                sort: match cursor.towards {
                    Towards::Next => query.sort,
                    Towards::Previous => Sort {
                        order: query.sort.order.reversed(),
                        ..query.sort
                    },
                },
                beside: Some(cursor),
                limit,
                offset: 0,
            },
        }
    }

    /// `ASC` or `DESC`, for the key and the id that breaks ties.
    fn direction(&self) -> &'static str {
        match self.sort.order {
            SortOrder::Ascending => "ASC",
            SortOrder::Descending => "DESC",
        }
    }

    fn push_bounds(&self, sql: &mut QueryBuilder<'q, Postgres>) {
        if let Some(cursor) = self.beside {
            let key = key_expression(self.sort.by);
            let comparison = match self.sort.order {
                SortOrder::Ascending => ">",
                SortOrder::Descending => "<",
            };
            sql.push(format_args!(" AND ({key}, id) {comparison} ("));
            row::push_key(sql, &cursor.key);
            sql.push(", ").push_bind(cursor.id).push(")");
        }
    }
}

/// What a list is ordered by: the same expressions as in the indexes.
fn key_expression(by: SortBy) -> &'static str {
    match by {
        SortBy::CreatedAt => "created_at",
        SortBy::Username => r#"lower(username COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Email => r#"lower(email COLLATE "und-x-icu") COLLATE "C""#,
    }
}
