//! The row of a list.

use chrono::{DateTime, Utc};
use serde_json::Map;
use sqlx::{FromRow, Postgres, QueryBuilder};

use crate::users::{Cursor, Direction, SortBy, SortKey, User, UserId};

#[derive(FromRow)]
pub(super) struct ListRow {
    id: UserId,
    email: Option<String>,
    username: Option<String>,
    full_name: Option<String>,
    is_active: bool,
    is_superuser: bool,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    text_key: Option<String>,
}

/// A row that brings the total of its list along.
#[derive(FromRow)]
pub(super) struct CountedRow {
    #[sqlx(flatten)]
    pub(super) row: ListRow,
    pub(super) total: Option<i64>,
}

/// Selects the key as text where it is one; a time is among the columns anyway.
pub(super) fn text_key(by: SortBy, key: &str) -> String {
    match by {
        SortBy::CreatedAt | SortBy::Id => "NULL::text AS text_key".to_owned(),
        SortBy::Username | SortBy::Email => format!("{key} AS text_key"),
    }
}

pub(super) fn push_key<'q>(sql: &mut QueryBuilder<'q, Postgres>, key: &'q SortKey) {
    match key {
        SortKey::Time(Some(time)) => sql.push_bind(time),
        SortKey::Time(None) => sql.push("'-infinity'::timestamptz"),
        SortKey::Text(text) => sql.push_bind(text).push(r#" COLLATE "C""#),
        // The id alone is the place.
        SortKey::Id => sql.push("NULL"),
    };
}

impl ListRow {
    pub(super) fn cursor(&self, by: SortBy, direction: Direction) -> Cursor {
        let key = match by {
            SortBy::CreatedAt => SortKey::Time(self.created_at),
            SortBy::Id => SortKey::Id,
            SortBy::Username | SortBy::Email => {
                SortKey::Text(self.text_key.clone().unwrap_or_default())
            }
        };
        Cursor {
            direction,
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
            extra: Map::new(),
        }
    }
}
