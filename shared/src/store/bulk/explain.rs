//! Why a table refused rows, as callers are told.

use super::{
    conflicts::{ConflictWith, RowConflict, find_conflicts},
    limits::{BrokenLimit, Limit, find_broken_limits},
    row::{ImportRow, OnConflict},
};
use crate::{
    platform::{
        database::Database,
        deadline::Deadline,
        error::{Detail, Details, Error, Refusal, RefusalKind},
    },
    users::Located,
};

/// Fails with the rows that a rule of the table is about, or with the rule, where no rows can be named. It
/// finds nothing where the rule is a unique index: what was in the way of an import may be gone by now, and
/// another attempt succeeds.
pub async fn explain(
    database: &Database,
    deadline: &Deadline,
    located: &[Located<ImportRow>],
    on_conflict: OnConflict,
    refused: &Refusal,
) -> Result<(), Error> {
    let rows: &Vec<&ImportRow> = &located.iter().map(|row| &row.value).collect();
    match refused.kind {
        RefusalKind::Unique if on_conflict == OnConflict::Fail => {
            let conflicts = database
                .read(deadline, |mut lease| async move {
                    (find_conflicts(&mut lease, rows).await, lease)
                })
                .await?;
            if conflicts.is_empty() {
                Ok(())
            } else {
                Err(conflict_error(&conflicts, located))
            }
        }
        RefusalKind::Unique => Ok(()),
        RefusalKind::NotNull | RefusalKind::Type | RefusalKind::Check => {
            let broken = database
                .read(deadline, |mut lease| async move {
                    (find_broken_limits(&mut lease, rows).await, lease)
                })
                .await?;
            if broken.is_empty() {
                Err(Error::RefusedByTable(refused.clone()))
            } else {
                Err(limit_error(&broken, located))
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

/// The answer to rows that have values of others.
#[must_use]
pub fn conflict_error(conflicts: &[RowConflict], rows: &[Located<ImportRow>]) -> Error {
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
