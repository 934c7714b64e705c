//! Lists of users.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use crate::{
    database::Query,
    users::{
        CountMode, Cursor, Filter, ListQuery, Page, Position, SortBy, SortKey, SortOrder, Total,
        Towards, User,
    },
};

/// Where a capped count stops.
pub const COUNT_CAP: u64 = 10_000;

#[derive(FromRow)]
struct ListRow {
    id: i64,
    email: String,
    username: String,
    full_name: Option<String>,
    is_active: bool,
    is_superuser: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    text_key: Option<String>,
}

impl Query for ListQuery {
    type Output = Page;

    async fn run(&self, connection: &mut PgConnection) -> Result<Page, sqlx::Error> {
        let total = total(connection, self).await?;
        let (towards, cursor) = match &self.position {
            Position::Page(_) => (Towards::Next, None),
            Position::Cursor(cursor) => (cursor.towards, Some(cursor)),
        };
        let order = match towards {
            Towards::Next => self.sort.order,
            Towards::Previous => self.sort.order.reversed(),
        };
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let mut rows: Vec<ListRow> = select(self, cursor, order)
            .build_query_as()
            .fetch_all(connection)
            .await?;
        let is_more = rows.len() > size;
        rows.truncate(size);
        if towards == Towards::Previous {
            rows.reverse();
        }
        let (is_next, is_previous) = match &self.position {
            Position::Page(page) => (is_more, *page > 1),
            Position::Cursor(_) => match towards {
                Towards::Next => (is_more, true),
                Towards::Previous => (true, is_more),
            },
        };
        let cursor_at =
            |row: Option<&ListRow>, towards| row.map(|row| row.cursor(self.sort.by, towards));
        Ok(Page {
            next: cursor_at(rows.last().filter(|_| is_next), Towards::Next),
            previous: cursor_at(rows.first().filter(|_| is_previous), Towards::Previous),
            users: rows.into_iter().map(User::from).collect(),
            total,
        })
    }
}

/// The rows of a page and one more, which tells whether others follow.
fn select<'q>(
    query: &'q ListQuery,
    cursor: Option<&'q Cursor>,
    order: SortOrder,
) -> QueryBuilder<'q, Postgres> {
    let key = key_expression(query.sort.by);
    let (direction, comparison) = match order {
        SortOrder::Ascending => ("ASC", ">"),
        SortOrder::Descending => ("DESC", "<"),
    };
    let mut sql = QueryBuilder::new(
        "SELECT
             id::bigint AS id,
             email,
             username,
             full_name,
             is_active,
             is_superuser,
             created_at,
             updated_at,
             ",
    );
    match query.sort.by {
        SortBy::CreatedAt => sql.push("NULL::text"),
        SortBy::Username | SortBy::Email => sql.push(key),
    };
    sql.push(" AS text_key FROM users WHERE TRUE");
    push_filter(&mut sql, &query.filter);
    if let Some(Cursor { key: value, id, .. }) = cursor {
        sql.push(format_args!(" AND ({key}, id) {comparison} ("));
        match value {
            SortKey::Time(time) => sql.push_bind(time),
            SortKey::Text(text) => sql.push_bind(text).push(r#" COLLATE "C""#),
        };
        sql.push(", ").push_bind(id).push(")");
    }
    sql.push(format_args!(
        " ORDER BY {key} {direction}, id {direction} LIMIT "
    ))
    .push_bind(i64::from(query.size) + 1);
    if let Position::Page(page) = query.position {
        sql.push(" OFFSET ")
            .push_bind(i64::from(page - 1) * i64::from(query.size));
    }
    sql
}

async fn total(
    connection: &mut PgConnection,
    query: &ListQuery,
) -> Result<Option<Total>, sqlx::Error> {
    let capped = match query.count {
        CountMode::None => return Ok(None),
        CountMode::Exact => false,
        CountMode::Capped => query.filter.search.is_some(),
    };
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM users WHERE TRUE");
    push_filter(&mut sql, &query.filter);
    if capped {
        sql.push(format_args!(" LIMIT {}", COUNT_CAP + 1));
    }
    sql.push(") AS matching");
    let counted: i64 = sql.build_query_scalar().fetch_one(connection).await?;
    let counted = u64::try_from(counted).unwrap_or(0);
    Ok(Some(if capped && counted > COUNT_CAP {
        Total::AtLeast(COUNT_CAP)
    } else {
        Total::Exactly(counted)
    }))
}

/// Adds a condition only where one is asked for, so that each combination has a plan of its own.
fn push_filter(sql: &mut QueryBuilder<'_, Postgres>, filter: &Filter) {
    for (column, wanted) in [
        ("is_active", filter.is_active),
        ("is_superuser", filter.is_superuser),
    ] {
        match wanted {
            Some(true) => sql.push(format_args!(" AND {column}")),
            Some(false) => sql.push(format_args!(" AND NOT {column}")),
            None => sql,
        };
    }
    if let Some(term) = &filter.search {
        sql.push(format_args!(" AND {SEARCHED_TEXT} LIKE lower("))
            .push_bind(term.like_pattern())
            .push(r#" COLLATE "und-x-icu") COLLATE "C""#);
    }
}

/// What search looks into: the same expression as in the index `ix_users_search`. The separator
/// cannot be searched for, so nothing is found across fields.
const SEARCHED_TEXT: &str = r#"lower(
    (username || E'\n' || email || E'\n' || coalesce(full_name, '')) COLLATE "und-x-icu"
) COLLATE "C""#;

/// What a list is ordered by: the same expressions as in the indexes.
fn key_expression(by: SortBy) -> &'static str {
    match by {
        SortBy::CreatedAt => "created_at",
        SortBy::Username => r#"lower(username COLLATE "und-x-icu") COLLATE "C""#,
        SortBy::Email => r#"lower(email COLLATE "und-x-icu") COLLATE "C""#,
    }
}

impl ListRow {
    fn cursor(&self, by: SortBy, towards: Towards) -> Cursor {
        let key = match by {
            SortBy::CreatedAt => SortKey::Time(self.created_at),
            SortBy::Username | SortBy::Email => {
                SortKey::Text(self.text_key.clone().unwrap_or_default())
            }
        };
        Cursor {
            towards,
            key,
            id: self.id,
        }
    }
}

impl From<ListRow> for User {
    fn from(row: ListRow) -> Self {
        let ListRow {
            id,
            email,
            username,
            full_name,
            is_active,
            is_superuser,
            created_at,
            updated_at,
            text_key: _,
        } = row;
        Self {
            id,
            email,
            username,
            full_name,
            is_active,
            is_superuser,
            created_at,
            updated_at,
        }
    }
}
