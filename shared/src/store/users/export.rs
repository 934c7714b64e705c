//! Reads users part by part, in the order of ids.

use sqlx::{PgConnection, QueryBuilder};

use crate::{
    platform::config::ExtraFields,
    store::{extra::user_columns, list},
    users::{Filter, User, UserId},
};

/// Users between two ids, of which at most this many are looked at.
#[derive(Debug, Clone, Copy)]
pub struct ExportWindow<'a> {
    /// Fields that only this table has.
    pub extra: ExtraFields,
    /// Which of them are wanted.
    pub filter: &'a Filter,
    /// Whether password hashes are read.
    pub has_hashes: bool,
    /// Only those with higher ids.
    pub after: Option<UserId>,
    /// The highest id.
    pub until: UserId,
    /// How many users are looked at.
    pub size: i64,
}

/// A user of an export. It is not `Debug`, so that no log can have the hash.
#[derive(sqlx::FromRow)]
pub struct ExportedUser {
    /// What every caller sees.
    #[sqlx(flatten)]
    pub user: User,
    /// The password hash, if there is one and hashes are read.
    #[sqlx(default)]
    pub password_hash: Option<String>,
}

/// The highest id that a user has now.
pub async fn find_last_id(connection: &mut PgConnection) -> Result<Option<UserId>, sqlx::Error> {
    sqlx::query_scalar("SELECT id::user_id FROM users ORDER BY id DESC LIMIT 1")
        .fetch_optional(connection)
        .await
}

/// The wanted users of a window, and the id as far as which was looked.
pub async fn find_window(
    connection: &mut PgConnection,
    window: ExportWindow<'_>,
) -> Result<(Vec<ExportedUser>, UserId), sqlx::Error> {
    let ExportWindow {
        extra,
        filter,
        has_hashes,
        after,
        until,
        size,
    } = window;
    let mut end = until;
    // Unique indexes lead to those who are looked up.
    if !filter.is_look_up() {
        let mut sql = QueryBuilder::new("SELECT id::user_id FROM users WHERE id <= ");
        sql.push_bind(until).push("::user_id");
        if let Some(after) = after {
            sql.push(" AND id > ").push_bind(after).push("::user_id");
        }
        sql.push(" ORDER BY id LIMIT 1 OFFSET ").push_bind(size - 1);
        let last: Option<UserId> = sql
            .build_query_scalar()
            .fetch_optional(&mut *connection)
            .await?;
        end = last.unwrap_or(until);
    }
    let mut sql = QueryBuilder::new("SELECT");
    sql.push(user_columns(extra));
    if has_hashes {
        sql.push(", users.password_hash::text AS password_hash");
    }
    sql.push(" FROM users WHERE id <= ")
        .push_bind(end)
        .push("::user_id");
    if let Some(after) = &after {
        sql.push(" AND id > ").push_bind(after).push("::user_id");
    }
    list::push_conditions(&mut sql, filter);
    sql.push(" ORDER BY users.id");
    let users = sql.build_query_as().fetch_all(connection).await?;
    Ok((users, end))
}
