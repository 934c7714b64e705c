//! The log of changes: who did what to which user.
//!
//! An entry is written in the transaction of its change. Most statements that change users write it themselves,
//! so that no change can be without one; [`insert`] writes the others.

mod log;
mod partitions;

use serde_json::Value;
use sqlx::PgConnection;

pub use self::{
    log::{LogEntry, LogFilter, LogPosition, find, is_from_another_server},
    partitions::{Maintained, maintain_partitions},
};
use crate::{
    platform::{actor::Actor, database::Transaction},
    users::UserId,
};

/// What is done to a user, or to many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A user was created.
    Create,
    /// Fields of a user were changed.
    Update,
    /// A user was deleted.
    Delete,
    /// Users were imported.
    Import,
    /// Somebody began to read the log.
    ReadLog,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Import,
        Self::ReadLog,
    ];

    /// How it is called in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "user.create",
            Self::Update => "user.update",
            Self::Delete => "user.delete",
            Self::Import => "user.import",
            Self::ReadLog => "audit.read",
        }
    }
}

/// An entry that no statement of a change writes.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// What was to be done.
    pub action: Action,
    /// The code of the error that refused it; `None` if it was done.
    pub refusal: Option<&'static str>,
    /// The user that it was about.
    pub target_id: Option<UserId>,
    /// What there is now, field by field, or the numbers of what was done to many.
    pub after: Option<Value>,
}

/// Writes an entry about what the transaction does.
pub async fn insert(tx: &mut Transaction, entry: &NewEntry) -> Result<(), sqlx::Error> {
    let Actor {
        id,
        request_id,
        source_address,
    } = tx.actor().clone();
    sqlx::query(
        "INSERT INTO user_audit (
             action,
             refusal,
             actor_kind,
             actor_id,
             target_id,
             after,
             source_address,
             request_id
         )
         VALUES ($1, $2, 'user', $3::user_id, $4::user_id, $5, $6::inet, $7)",
    )
    .bind(entry.action.name())
    .bind(entry.refusal)
    .bind(id)
    .bind(entry.target_id)
    .bind(&entry.after)
    .bind(source_address.map(|address| address.to_string()))
    .bind(request_id)
    .execute(&mut **tx as &mut PgConnection)
    .await?;
    Ok(())
}

/// The fields of a user as an entry keeps them: an object of what `row` has in its columns.
pub(super) fn image(row: &str) -> String {
    format!(
        "jsonb_build_object(
             'email', {row}.email::text,
             'username', {row}.username::text,
             'full_name', {row}.full_name::text,
             'is_active', {row}.is_active,
             'is_superuser', {row}.is_superuser
         )"
    )
}

/// The fields of one image that the other has with another value, or does not have; NULL if there are none.
pub(super) fn difference(image: &str, other: &str) -> String {
    format!(
        "(SELECT jsonb_object_agg(key, value) FROM jsonb_each({image}) \
         WHERE value IS DISTINCT FROM ({other}) -> key)"
    )
}
