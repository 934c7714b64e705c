//! One import: from checked rows to an answer.

use shared::{
    platform::{
        database::{Database, OnAmbiguousCommit, Refusal, RefusalKind},
        deadline::Deadline,
        error::{Detail, Details, Error},
        http::response::Answer,
    },
    store::{
        bulk::{
            BrokenLimit, ConflictWith, FindBrokenLimits, FindConflicts, Import, ImportRow,
            Imported, Limit, OnConflict, RowConflict,
        },
        idempotency::IdempotentRequest,
    },
};

use crate::{answer, options::Options};

/// How often an import is begun that was refused for a conflict which has gone when it is looked for.
const MAX_ATTEMPTS: usize = 3;

/// The answer, and whether it was given before.
pub(crate) struct ImportOutcome {
    pub(crate) answer: Answer,
    pub(crate) is_replayed: bool,
}

/// What is to be imported.
pub(crate) struct ImportJob<'a> {
    /// The users, in request order.
    pub(crate) rows: &'a [ImportRow],
    /// Where they begin in the body, if its format has lines.
    pub(crate) lines: &'a [Option<usize>],
    /// How.
    pub(crate) options: Options,
    /// The key under which the request may be repeated.
    pub(crate) keyed: Option<&'a IdempotentRequest>,
}

/// Writes all users or none.
pub(crate) async fn run(
    database: &Database,
    deadline: &Deadline,
    order: &ImportJob<'_>,
) -> Result<ImportOutcome, Error> {
    let import = Import {
        rows: order.rows,
        on_conflict: order.options.on_conflict,
        is_dry_run: order.options.is_dry_run,
        keyed: order.keyed,
        write_answer: &|users| answer::write(users, order.options),
    };
    let in_doubt = match order.keyed {
        Some(_) => OnAmbiguousCommit::TryAgain,
        None => OnAmbiguousCommit::Fail,
    };
    let mut refused = None;
    for _ in 0..MAX_ATTEMPTS {
        let (answer, is_replayed) = match database.transaction(deadline, &import, in_doubt).await {
            Ok(Imported::Answered(answer)) => (answer, false),
            Ok(Imported::Replayed(answer)) => (answer, true),
            Ok(Imported::KeyInProgress) => return Err(Error::IdempotencyInProgress),
            Ok(Imported::KeyMismatch) => return Err(Error::IdempotencyMismatch),
            Ok(Imported::Refused(conflicts)) => return Err(refusal(&conflicts, order.lines)),
            Ok(Imported::Altered) => return Err(Error::RefusedByTable(Refusal::altered())),
            Err(Error::RefusedByTable(refusal)) => {
                explain(database, deadline, order, &refusal).await?;
                refused = Some(refusal);
                continue;
            }
            Ok(Imported::ResponseTooLarge(error)) | Err(error) => return Err(error),
        };
        return Ok(ImportOutcome {
            answer,
            is_replayed,
        });
    }
    Err(refused.map_or_else(
        || Error::internal("importing users", "no attempt came to an end"),
        Error::RefusedByTable,
    ))
}

/// Fails with the rows that a rule of the table is about, or with the rule, where no rows can be named. It
/// finds nothing where the rule is a unique index: what was in the way of an import may be gone by now, and
/// another attempt succeeds.
async fn explain(
    database: &Database,
    deadline: &Deadline,
    order: &ImportJob<'_>,
    refused: &Refusal,
) -> Result<(), Error> {
    let rows = order.rows;
    match refused.kind {
        RefusalKind::Unique if order.options.on_conflict == OnConflict::Fail => {
            let conflicts = database.read(deadline, &FindConflicts { rows }).await?;
            if conflicts.is_empty() {
                Ok(())
            } else {
                Err(refusal(&conflicts, order.lines))
            }
        }
        RefusalKind::Unique => Ok(()),
        RefusalKind::NotNull | RefusalKind::Type | RefusalKind::Check => {
            let broken = database.read(deadline, &FindBrokenLimits { rows }).await?;
            if broken.is_empty() {
                Err(Error::RefusedByTable(refused.clone()))
            } else {
                Err(unfit(&broken, order.lines))
            }
        }
        _ => Err(Error::RefusedByTable(refused.clone())),
    }
}

/// The answer to rows that keep our rules and break those of a table that another application made.
fn unfit(broken: &[BrokenLimit], lines: &[Option<usize>]) -> Error {
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
            line: lines.get(index).copied().flatten(),
            field: broken.field,
            code,
            message,
        }
    });
    Error::ValidationFailed {
        details: details.collect(),
    }
}

fn refusal(conflicts: &[RowConflict], lines: &[Option<usize>]) -> Error {
    let details: Details = conflicts
        .iter()
        .map(|conflict| detail(conflict, lines))
        .collect();
    let meets_stored = |conflict: &RowConflict| conflict.with == ConflictWith::Stored;
    if conflicts.iter().any(meets_stored) {
        Error::Conflict { details }
    } else {
        Error::ValidationFailed { details }
    }
}

fn detail(conflict: &RowConflict, lines: &[Option<usize>]) -> Detail {
    let RowConflict { index, field, with } = *conflict;
    match with {
        ConflictWith::Row(first) => Detail::duplicate_in_request(index, first, lines, field),
        ConflictWith::Stored => Detail {
            index,
            line: lines.get(index).copied().flatten(),
            field: Some(field),
            code: "already_exists",
            message: format!("a user with this {field} exists already"),
        },
    }
}
