//! The log of changes: who did what to which user.
//!
//! An entry is written in the transaction of its change. Most statements that change users write it themselves,
//! so that no change can be without one; [`insert`] writes the others.

mod action;
mod alone;
mod erase;
mod import;
mod log;
mod partitions;
mod refused;

use serde_json::Value;
use sqlx::PgConnection;

pub use self::{
    action::Action,
    erase::{erase, find_emails, lock_person},
    import::insert_import,
    log::{LogEntry, LogFilter, LogPosition, find, is_from_another_server},
    partitions::{Maintained, maintain_partitions},
    refused::note_forbidden,
};
use crate::{
    platform::{
        actor::Actor,
        config::ExtraFields,
        database::{Database, Transaction},
        deadline::Deadline,
    },
    users::UserId,
};

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

/// Writes an entry about what the transaction does, if the log is on.
pub async fn insert(tx: &mut Transaction, entry: &NewEntry) -> Result<(), sqlx::Error> {
    let Actor {
        id,
        request_id,
        source_address,
        is_logged,
        ..
    } = tx.actor().clone();
    if !is_logged {
        return Ok(());
    }
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

/// Writes an entry in a transaction of its own: of what was taken back. Fails only into the log of the function,
/// because the caller has to be told of the refusal, whatever becomes of this.
pub async fn insert_alone(
    database: &Database,
    deadline: &Deadline,
    actor: &Actor,
    entry: &NewEntry,
) {
    if !actor.is_logged {
        return;
    }
    alone::commit(database, deadline, actor, |mut tx| async move {
        (insert(&mut tx, entry).await, tx)
    })
    .await;
}

/// The fields of a user that an entry keeps, and the type of each where tables of other applications may have
/// another one.
const FIELDS: [(&str, &str); 5] = [
    ("email", "::text"),
    ("username", "::text"),
    ("full_name", "::text"),
    ("is_active", ""),
    ("is_superuser", ""),
];

/// The fields of a user as an entry keeps them: an object of what `row` has in its columns.
pub(super) fn image(row: &str, extra: ExtraFields) -> String {
    let pairs = FIELDS.map(|(field, cast)| format!("'{field}', {row}.{field}{cast}"));
    let image = format!("jsonb_build_object({})", pairs.join(", "));
    if extra.is_empty() {
        image
    } else {
        format!("({image} || {row}.extra)")
    }
}

/// The fields of one row that the other has with another value; NULL if there are none. `row` and `other` say
/// what SQL calls the field of each.
pub(super) fn difference(
    row: &impl Fn(&str) -> String,
    other: &impl Fn(&str) -> String,
    extra: ExtraFields,
) -> String {
    let mut parts: Vec<_> = FIELDS
        .iter()
        .map(|(field, cast)| {
            let (own, other) = (row(field), other(field));
            format!(
                "CASE WHEN {own}{cast} IS DISTINCT FROM {other}{cast} \
                 THEN jsonb_build_object('{field}', {own}{cast}) ELSE '{{}}' END"
            )
        })
        .collect();
    if !extra.is_empty() {
        parts.push(format!(
            "(SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each({}) \
             WHERE value IS DISTINCT FROM {} -> key)",
            row("extra"),
            other("extra")
        ));
    }
    format!("nullif({}, '{{}}'::jsonb)", parts.join(" || "))
}

/// The fields of a row under other names, for a list of columns.
pub(super) fn renamed(row: &str, prefix: &str, extra: ExtraFields) -> String {
    let names = FIELDS.iter().map(|(field, _)| *field);
    let columns = names
        .chain((!extra.is_empty()).then_some("extra"))
        .map(|field| format!("{row}.{field} AS {prefix}{field}"));
    columns.collect::<Vec<_>>().join(", ")
}

/// What SQL calls the fields of a row, of which all names begin so.
pub(super) fn of(beginning: &str) -> impl Fn(&str) -> String {
    move |field| format!("{beginning}{field}")
}
