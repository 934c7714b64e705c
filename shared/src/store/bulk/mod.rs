//! Many users at once, all or none.
//!
//! A user's identity is the email: a row whose email is stored means the stored user. What then
//! happens is [`OnConflict`]. A username that belongs to somebody else is a conflict in any case,
//! because no mode could guess which of the two users is meant.

mod conflicts;
mod insert;
mod limits;
mod stored;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{Executor, PgConnection};

pub use self::{
    conflicts::{ConflictWith, FindConflicts, RowConflict},
    limits::{BrokenLimit, FindBrokenLimits, Limit},
};
use super::idempotency::{self, Earlier, IdempotentRequest};
use crate::{
    platform::{
        database::{Query, TransactionOutcome},
        error::Error,
        http::response::Answer,
    },
    users::User,
};

/// A user to be imported; the password is hashed by now.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// The address as it was given.
    pub email: String,
    /// The name as it was given.
    pub username: String,
    /// A name for people.
    pub full_name: Option<String>,
    /// What a password is verified against.
    pub password_hash: Option<String>,
    /// Whether the user may do anything. A new user may unless told otherwise.
    pub is_active: Option<bool>,
    /// Whether the user may administrate others. A new user may not unless told otherwise.
    pub is_superuser: Option<bool>,
    /// When a new user signed up; now, unless told otherwise.
    pub created_at: Option<DateTime<Utc>>,
}

/// What to do with a row whose email is stored already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// Refuse the import.
    Fail,
    /// Leave the stored user as it is.
    Skip,
    /// Give the stored user what the row says; what it does not say stays.
    Update,
}

/// What has been done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RowResult {
    /// A user was created.
    Created,
    /// A stored user was changed.
    Updated,
    /// A stored user was left as it was: because that was asked, or because there was nothing to
    /// change.
    Skipped,
}

/// A row of an import after it.
#[derive(Debug, Clone)]
pub struct ImportedUser {
    /// The user as stored now.
    pub user: User,
    /// What was done.
    pub result: RowResult,
}

/// Writes the answer to an import, which is stored with its key. An error rolls the import back.
pub type WriteAnswer<'a> = dyn Fn(&[ImportedUser]) -> Result<Answer, Error> + Send + Sync + 'a;

/// An import in one transaction.
///
/// Where the table refuses a value, [`FindConflicts`] and [`FindBrokenLimits`] find out which ones.
pub struct Import<'a> {
    /// The users in request order, none twice.
    pub rows: &'a [ImportRow],
    /// What to do with users that are stored already.
    pub on_conflict: OnConflict,
    /// Whether to take everything back at the end.
    pub is_dry_run: bool,
    /// The key under which the caller may repeat the request.
    pub keyed: Option<&'a IdempotentRequest>,
    /// Makes the answer from the users in request order.
    pub write_answer: &'a WriteAnswer<'a>,
}

/// What became of an [`Import`].
#[derive(Debug)]
pub enum Imported {
    /// It is done.
    Answered(Answer),
    /// It was done before, under the same key.
    Replayed(Answer),
    /// The key belongs to another request.
    KeyMismatch,
    /// A request with this key is at work.
    KeyInProgress,
    /// Nothing was done, because these rows cannot be.
    Refused(Vec<RowConflict>),
    /// Nothing was done, because the table changes rows so that nobody can tell which user is which.
    Altered,
    /// Nothing was done, because there is no way to answer.
    ResponseTooLarge(Error),
}

impl Query for Import<'_> {
    type Output = TransactionOutcome<Imported>;

    async fn run(
        &self,
        connection: &mut PgConnection,
    ) -> Result<TransactionOutcome<Imported>, sqlx::Error> {
        if let Some(keyed) = self.keyed {
            if !idempotency::lock(connection, keyed).await? {
                return Ok(TransactionOutcome::RollBack(Imported::KeyInProgress));
            }
            match idempotency::find(connection, keyed).await? {
                Earlier::None => {}
                Earlier::OtherRequest => {
                    return Ok(TransactionOutcome::RollBack(Imported::KeyMismatch));
                }
                Earlier::Answer(answer) => {
                    return Ok(TransactionOutcome::RollBack(Imported::Replayed(answer)));
                }
            }
        }
        let users = match self.write(connection).await? {
            Written::All(users) => users,
            Written::Altered => return Ok(TransactionOutcome::RollBack(Imported::Altered)),
            Written::Refused(conflicts) => {
                return Ok(TransactionOutcome::RollBack(Imported::Refused(conflicts)));
            }
            Written::Retry => return Ok(TransactionOutcome::TryAgain),
        };
        let answer = match (self.write_answer)(&users) {
            Ok(answer) => answer,
            Err(error) => {
                return Ok(TransactionOutcome::RollBack(Imported::ResponseTooLarge(
                    error,
                )));
            }
        };
        if self.is_dry_run {
            // Some rules of a table are checked by COMMIT, which a dry run does not reach.
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE").await?;
            return Ok(TransactionOutcome::RollBack(Imported::Answered(answer)));
        }
        if let Some(keyed) = self.keyed {
            idempotency::store(connection, keyed, &answer).await?;
        }
        Ok(TransactionOutcome::Commit(Imported::Answered(answer)))
    }
}

/// What became of the rows.
enum Written {
    All(Vec<ImportedUser>),
    Refused(Vec<RowConflict>),
    Altered,
    /// Another transaction changed what this one had found; a new attempt sees it.
    Retry,
}

impl Import<'_> {
    async fn write(&self, connection: &mut PgConnection) -> Result<Written, sqlx::Error> {
        match self.on_conflict {
            OnConflict::Fail => self.insert_all(connection).await,
            OnConflict::Skip | OnConflict::Update => self.insert_new(connection).await,
        }
    }

    async fn insert_all(&self, connection: &mut PgConnection) -> Result<Written, sqlx::Error> {
        let rows: Vec<_> = self.rows.iter().collect();
        Ok(match insert::all(connection, &rows).await? {
            Some(inserted) => self.in_request_order(inserted, HashMap::new()),
            None => Written::Altered,
        })
    }

    /// Inserts users with new emails and turns to the stored ones then.
    async fn insert_new(&self, connection: &mut PgConnection) -> Result<Written, sqlx::Error> {
        let rows: Vec<_> = self.rows.iter().collect();
        let Some(inserted) = insert::new(connection, &rows).await? else {
            return Ok(Written::Altered);
        };
        if inserted.len() == self.rows.len() {
            return Ok(self.in_request_order(inserted, HashMap::new()));
        }
        let old: Vec<usize> = (0..self.rows.len())
            .filter(|&index| !inserted.contains_key(self.rows[index].email.as_str()))
            .collect();
        match stored::merge(connection, self, &old, &inserted).await? {
            stored::Merged::All(merged) => Ok(self.in_request_order(inserted, merged)),
            stored::Merged::Refused(conflicts) => Ok(Written::Refused(conflicts)),
            stored::Merged::Retry => Ok(Written::Retry),
            stored::Merged::Altered => Ok(Written::Altered),
        }
    }

    /// Puts inserted users, by email, and those that were stored before, by index, in request order.
    fn in_request_order(
        &self,
        mut inserted: HashMap<String, User>,
        mut stored: HashMap<usize, ImportedUser>,
    ) -> Written {
        let users: Option<Vec<_>> = self
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let created = |user| ImportedUser {
                    user,
                    result: RowResult::Created,
                };
                stored
                    .remove(&index)
                    .or_else(|| inserted.remove(&row.email).map(created))
            })
            .collect();
        users.map_or(Written::Retry, Written::All)
    }
}
