//! One import: from checked rows to an answer.

use shared::{
    platform::{
        actor::Actor,
        database::{Abort, Database, OnAmbiguousCommit, Transaction, TransactionOutcome},
        deadline::Deadline,
        error::{Detail, Details, Error, Refusal, RefusalKind},
        idempotency::{IdempotentRequest, StoredResponse},
    },
    store::{
        bulk::{
            self, BrokenLimit, ConflictWith, ImportRow, Limit, OnConflict, RowConflict, Written,
        },
        idempotency,
    },
    users::Located,
};

use crate::{answer, options::Options};

/// How often an import is begun that was refused for a conflict which has gone when it is looked for.
const MAX_ATTEMPTS: usize = 3;

/// The response, and whether it was given before.
pub(crate) struct ImportOutcome {
    pub(crate) response: StoredResponse,
    pub(crate) is_replayed: bool,
}

/// What is to be imported.
pub(crate) struct ImportJob<'a> {
    /// The users, in request order.
    pub(crate) rows: &'a [Located<ImportRow>],
    /// How.
    pub(crate) options: Options,
    /// The key under which the request may be repeated.
    pub(crate) keyed: Option<&'a IdempotentRequest>,
}

impl ImportJob<'_> {
    fn values(&self) -> Vec<&ImportRow> {
        self.rows.iter().map(|row| &row.value).collect()
    }
}

/// Writes all users or none.
pub(crate) async fn run(
    database: &Database,
    deadline: &Deadline,
    actor: &Actor,
    job: &ImportJob<'_>,
) -> Result<ImportOutcome, Error> {
    let on_ambiguous_commit = match job.keyed {
        Some(_) => OnAmbiguousCommit::TryAgain,
        None => OnAmbiguousCommit::Fail,
    };
    let mut refused = None;
    for _ in 0..MAX_ATTEMPTS {
        let outcome = database
            .transaction(deadline, actor, on_ambiguous_commit, |mut tx| async move {
                (import(&mut tx, job).await, tx)
            })
            .await;
        match outcome {
            Ok(outcome) => return Ok(outcome),
            Err(Error::RefusedByTable(refusal)) => {
                explain(database, deadline, job, &refusal).await?;
                refused = Some(refusal);
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused.map_or_else(
        || Error::internal("importing users", "no attempt came to an end"),
        Error::RefusedByTable,
    ))
}

/// One attempt: finds the stored response, or writes the users and stores the response to that.
async fn import(
    tx: &mut Transaction,
    job: &ImportJob<'_>,
) -> Result<TransactionOutcome<ImportOutcome>, Abort> {
    if let Some(response) = idempotency::begin(tx, job.keyed).await? {
        return Ok(TransactionOutcome::RollBack(ImportOutcome {
            response,
            is_replayed: true,
        }));
    }
    let users = match bulk::write(tx, &job.values(), job.options.on_conflict).await? {
        Written::All(users) => users,
        Written::Conflicts(conflicts) => {
            return Err(conflict_error(&conflicts, job.rows).into());
        }
        Written::Altered => return Err(Error::RefusedByTable(Refusal::altered()).into()),
        Written::Retry => return Ok(TransactionOutcome::TryAgain),
    };
    let outcome = ImportOutcome {
        response: answer::write(&users, job.options)?,
        is_replayed: false,
    };
    if job.options.is_dry_run {
        bulk::check_deferred_constraints(tx).await?;
        return Ok(TransactionOutcome::RollBack(outcome));
    }
    idempotency::finish(tx, job.keyed, &outcome.response).await?;
    Ok(TransactionOutcome::Commit(outcome))
}

/// Fails with the rows that a rule of the table is about, or with the rule, where no rows can be named. It
/// finds nothing where the rule is a unique index: what was in the way of an import may be gone by now, and
/// another attempt succeeds.
async fn explain(
    database: &Database,
    deadline: &Deadline,
    job: &ImportJob<'_>,
    refused: &Refusal,
) -> Result<(), Error> {
    let rows = &job.values();
    match refused.kind {
        RefusalKind::Unique if job.options.on_conflict == OnConflict::Fail => {
            let conflicts = database
                .read(deadline, |mut lease| async move {
                    (bulk::find_conflicts(&mut lease, rows).await, lease)
                })
                .await?;
            if conflicts.is_empty() {
                Ok(())
            } else {
                Err(conflict_error(&conflicts, job.rows))
            }
        }
        RefusalKind::Unique => Ok(()),
        RefusalKind::NotNull | RefusalKind::Type | RefusalKind::Check => {
            let broken = database
                .read(deadline, |mut lease| async move {
                    (bulk::find_broken_limits(&mut lease, rows).await, lease)
                })
                .await?;
            if broken.is_empty() {
                Err(Error::RefusedByTable(refused.clone()))
            } else {
                Err(limit_error(&broken, job.rows))
            }
        }
        _ => Err(Error::RefusedByTable(refused.clone())),
    }
}

/// The answer to rows that keep our rules and break those of a table that another application made.
fn limit_error(broken: &[BrokenLimit], rows: &[Located<ImportRow>]) -> Error {
    let details = broken.iter().map(|broken| {
        let index = broken.index;
        let what = broken.field.unwrap_or("the row");
        let (code, message) = match &broken.limit {
            Limit::Present => ("required", format!("{what} is required in this table")),
            Limit::Characters(most) => (
                "too_long",
                format!("{what} may have at most {most} characters in this table"),
            ),
            Limit::Check(name) => (
                "not_allowed",
                format!("{what} violates the table's rule \"{name}\""),
            ),
        };
        Detail {
            index,
            line: rows[index].line,
            field: broken.field,
            code,
            message,
        }
    });
    Error::ValidationFailed {
        details: details.collect(),
    }
}

fn conflict_error(conflicts: &[RowConflict], rows: &[Located<ImportRow>]) -> Error {
    let details: Details = conflicts
        .iter()
        .map(|conflict| detail(conflict, rows))
        .collect();
    let meets_stored = |conflict: &RowConflict| conflict.with == ConflictWith::Stored;
    if conflicts.iter().any(meets_stored) {
        Error::Conflict { details }
    } else {
        Error::ValidationFailed { details }
    }
}

fn detail(conflict: &RowConflict, rows: &[Located<ImportRow>]) -> Detail {
    let RowConflict { index, field, with } = *conflict;
    match with {
        ConflictWith::Row(first) => Detail::duplicate_in_request(&rows[index], &rows[first], field),
        ConflictWith::Stored => Detail {
            index,
            line: rows[index].line,
            field: Some(field),
            code: "already_exists",
            message: format!("a user with this {field} exists already"),
        },
    }
}
