//! Users, one at a time.
//!
//! A change, its guards, its precondition and its entry in the log are one statement: nothing can come between
//! them, and it costs one round trip.

mod create;
mod delete;
mod export;
mod many;
mod references;
mod restore;
mod target;
mod update;

use std::collections::HashMap;

use serde_json::{Map, Value};
use sqlx::{PgConnection, types::Json};
use users_table::text_key_of;

pub use self::{
    create::create,
    delete::delete,
    export::{ExportWindow, ExportedUser, find_last_id, find_window},
    many::{ChosenUser, ManyChanged, ManyJob, ManyOutcome, Selection, delete_many, update_many},
    references::{OnDelete, Reference, find_references},
    restore::{RESTORE_DAYS, Restored, restore},
    target::{Changed, Precondition},
    update::{Changes, update},
};
use super::extra::user_columns;
use crate::{
    platform::config::ExtraFields,
    users::{User, UserId},
};

/// Finds a user, or `None` if nobody has the id.
pub async fn find(
    connection: &mut PgConnection,
    extra: ExtraFields,
    id: UserId,
) -> Result<Option<User>, sqlx::Error> {
    sqlx::query_as(&format!(
        "SELECT {} FROM users WHERE id = $1::user_id",
        user_columns(extra)
    ))
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Finds the users with these ids, in the order of ids.
pub async fn find_all(
    connection: &mut PgConnection,
    extra: ExtraFields,
    ids: &[UserId],
) -> Result<Vec<User>, sqlx::Error> {
    sqlx::query_as(&format!(
        "SELECT {} FROM users WHERE id = ANY($1::user_id[]) ORDER BY id",
        user_columns(extra)
    ))
    .bind(ids)
    .fetch_all(connection)
    .await
}

/// Adds to users what only the table of another application has of them. Lists and searches are the same for every
/// table.
pub async fn add_extra(
    connection: &mut PgConnection,
    users: &mut [User],
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let found: Vec<(UserId, Json<Map<String, Value>>)> =
        sqlx::query_as("SELECT id::user_id, extra FROM users WHERE id = ANY($1::user_id[])")
            .bind(ids)
            .fetch_all(connection)
            .await?;
    let mut found: HashMap<_, _> = found.into_iter().collect();
    for user in users {
        if let Some(Json(extra)) = found.remove(&user.id) {
            user.extra = extra;
        }
    }
    Ok(())
}

/// Whether there is an active superuser, who then stays one until the end of the transaction.
pub async fn keep_superuser(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let found = sqlx::query(
        "SELECT
         FROM users
         WHERE is_active
             AND is_superuser
         LIMIT 1
         FOR SHARE",
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Which of these values somebody else than `except` has: `email`, `username`.
pub async fn find_taken(
    connection: &mut PgConnection,
    email: Option<&str>,
    username: Option<&str>,
    except: UserId,
) -> Result<Vec<&'static str>, sqlx::Error> {
    let mut taken = Vec::new();
    for (field, value) in [("email", email), ("username", username)] {
        let Some(value) = value else { continue };
        let is_taken = format!(
            "SELECT EXISTS (SELECT FROM users WHERE {} = {} AND id <> $2::user_id)",
            text_key_of(field),
            text_key_of("$1::text")
        );
        let is_taken = sqlx::query_scalar(&is_taken).bind(value).bind(except);
        if is_taken.fetch_one(&mut *connection).await? {
            taken.push(field);
        }
    }
    Ok(taken)
}
