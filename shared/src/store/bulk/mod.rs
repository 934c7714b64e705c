//! Many users at once, all or none.
//!
//! A user's identity is the email: a row whose email is stored means the stored user. What then
//! happens is [`OnConflict`]. A username that belongs to somebody else is a conflict in any case,
//! because no mode could guess which of the two users is meant.

mod conflicts;
mod explain;
mod input;
mod insert;
mod kept_ids;
mod limits;
mod row;
mod stored;

use std::collections::HashMap;

use sqlx::PgConnection;

pub use self::{
    conflicts::{ConflictWith, RowConflict, find_conflicts},
    explain::{RefusedBy, conflict_error, explain, explain_change},
    kept_ids::move_sequence,
    row::{ImportRow, ImportedUser, OnConflict, RowResult, Was},
};
use crate::{
    store::{mapping::UserWrites, server},
    users::User,
};

/// What became of the rows of an import.
#[derive(Debug)]
pub enum Written {
    /// All of them were written, or left where that was asked for; in request order.
    All(Vec<ImportedUser>),
    /// Nothing must stay, because these rows are in conflict.
    Conflicts(Vec<RowConflict>),
    /// Nothing was written, because the role may not move the sequence of ids past those that are kept.
    NotPermitted,
    /// Nothing must stay, because the table changes rows so that nobody can tell which user is which.
    Altered,
    /// Nothing must stay: another transaction changed what this one had found; a new attempt sees it.
    Retry,
}

/// Writes users, in request order and none twice. It has to run in a transaction, which is rolled back
/// unless all were written.
///
/// Where rows keep their ids, nobody else writes users until the transaction ends, and the caller moves the
/// sequence of ids with [`move_sequence`].
///
/// Where the table refuses a value, [`explain`] finds out which one.
pub async fn write(
    connection: &mut PgConnection,
    writes: UserWrites<'_>,
    rows: &[&ImportRow],
    on_conflict: OnConflict,
) -> Result<Written, sqlx::Error> {
    server::sort_index_entries_at_once(connection, rows.len()).await?;
    if rows.iter().any(|row| row.id.is_some()) {
        if !kept_ids::lock(connection).await? {
            return Ok(Written::NotPermitted);
        }
        let mut conflicts = kept_ids::conflicts(connection, rows).await?;
        if !conflicts.is_empty() {
            if on_conflict == OnConflict::Fail {
                conflicts.extend(find_conflicts(connection, rows).await?);
                conflicts.sort_by_key(|conflict| conflict.index);
            }
            return Ok(Written::Conflicts(conflicts));
        }
    }
    let inserted = match on_conflict {
        OnConflict::Fail => insert::all(connection, writes, rows).await?,
        OnConflict::Skip | OnConflict::Update => insert::new(connection, writes, rows).await?,
    };
    let Some(inserted) = inserted else {
        return Ok(Written::Altered);
    };
    if inserted.len() == rows.len() {
        return Ok(in_request_order(rows, inserted, HashMap::new()));
    }
    let old: Vec<usize> = (0..rows.len())
        .filter(|&index| !inserted.contains_key(rows[index].email.as_str()))
        .collect();
    Ok(
        match stored::merge(connection, writes, rows, on_conflict, &old, &inserted).await? {
            stored::Merged::All(merged) => in_request_order(rows, inserted, merged),
            stored::Merged::Refused(conflicts) => Written::Conflicts(conflicts),
            stored::Merged::Retry => Written::Retry,
            stored::Merged::Altered => Written::Altered,
        },
    )
}

/// Checks the rules of the table that are otherwise checked by COMMIT, which a dry run does not reach.
pub async fn check_deferred_constraints(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SET CONSTRAINTS ALL IMMEDIATE")
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts inserted users, by email, and those that were stored before, by index, in request order.
fn in_request_order(
    rows: &[&ImportRow],
    mut inserted: HashMap<String, User>,
    mut stored: HashMap<usize, ImportedUser>,
) -> Written {
    let users: Option<Vec<_>> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let created = |user| ImportedUser {
                user,
                result: RowResult::Created,
                was: None,
            };
            stored
                .remove(&index)
                .or_else(|| inserted.remove(&row.email).map(created))
        })
        .collect();
    users.map_or(Written::Retry, Written::All)
}
