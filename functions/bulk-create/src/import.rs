//! One import: from checked rows to an answer.

use shared::{
    database::{Database, InDoubt},
    deadline::Deadline,
    error::{Detail, Details, Error},
    http::response::Answer,
    queries::{
        bulk::{
            BrokenLimit, ConflictWith, FindBrokenLimits, FindConflicts, Import, ImportRow,
            Imported, Limit, RowConflict,
        },
        idempotency::KeyedRequest,
    },
};

use crate::{answer, options::Options};

/// How often an import is begun that was refused for a conflict which has gone when it is looked for.
const MAX_ATTEMPTS: usize = 3;

/// The answer, and whether it was given before.
pub(crate) struct Given {
    pub(crate) answer: Answer,
    pub(crate) is_replayed: bool,
}

/// What is to be imported.
pub(crate) struct Order<'a> {
    /// The users, in request order.
    pub(crate) rows: &'a [ImportRow],
    /// Where they begin in the body, if its format has lines.
    pub(crate) lines: &'a [Option<usize>],
    /// How.
    pub(crate) options: Options,
    /// The key under which the request may be repeated.
    pub(crate) keyed: Option<&'a KeyedRequest>,
}

/// Writes all users or none.
pub(crate) async fn run(
    database: &Database,
    deadline: &Deadline,
    order: &Order<'_>,
) -> Result<Given, Error> {
    let import = Import {
        rows: order.rows,
        on_conflict: order.options.on_conflict,
        is_dry_run: order.options.is_dry_run,
        keyed: order.keyed,
        write_answer: &|users| answer::write(users, order.options),
    };
    let in_doubt = match order.keyed {
        Some(_) => InDoubt::TryAgain,
        None => InDoubt::Fail,
    };
    for _ in 0..MAX_ATTEMPTS {
        let (answer, is_replayed) = match database.transaction(deadline, &import, in_doubt).await? {
            Imported::Answered(answer) => (answer, false),
            Imported::Replayed(answer) => (answer, true),
            Imported::KeyInProgress => return Err(Error::IdempotencyInProgress),
            Imported::KeyMismatch => return Err(Error::IdempotencyMismatch),
            Imported::Unanswerable(error) => return Err(error),
            Imported::Refused(conflicts) => return Err(refusal(&conflicts, order.lines)),
            Imported::Taken => {
                let find = FindConflicts { rows: order.rows };
                let conflicts = database.read(deadline, &find).await?;
                if conflicts.is_empty() {
                    continue;
                }
                return Err(refusal(&conflicts, order.lines));
            }
            Imported::Unfit => {
                let find = FindBrokenLimits { rows: order.rows };
                let broken = database.read(deadline, &find).await?;
                return Err(unfit(&broken, order.lines));
            }
        };
        return Ok(Given {
            answer,
            is_replayed,
        });
    }
    Err(Error::internal(
        "importing users",
        "a unique index refuses a row, but no stored user is in its way",
    ))
}

/// The answer to rows that keep our rules and break those of a table that another application made.
fn unfit(broken: &[BrokenLimit], lines: &[Option<usize>]) -> Error {
    if broken.is_empty() {
        return Error::internal(
            "importing users",
            "the table refuses a value, but none is unfit",
        );
    }
    let details = broken.iter().map(|broken| {
        let BrokenLimit {
            index,
            field,
            limit,
        } = *broken;
        let (code, message) = match limit {
            Limit::Present => ("required", format!("{field} is required in this table")),
            Limit::Characters(most) => (
                "too_long",
                format!("{field} may have at most {most} characters in this table"),
            ),
        };
        Detail {
            index,
            line: lines.get(index).copied().flatten(),
            field: Some(field),
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
