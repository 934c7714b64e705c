//! Why a table refused rows, as callers are told.

use std::collections::BTreeSet;

use super::{
    conflicts::{ConflictWith, RowConflict, find_conflicts},
    limits::{self, Limit, LimitKind},
    row::{ImportRow, OnConflict},
};
use crate::{
    platform::{
        database::Database,
        deadline::Deadline,
        error::{Detail, Details, Error, Refusal, RefusalKind},
    },
    store::mapping::UserWrites,
    users::Located,
};

/// How many values a message lists.
const MAX_LISTED: usize = 20;

/// How often values of a type are looked for that are not of it. Ten thousand rows with ten such values take 200.
const MAX_COMPARISONS: usize = 300;

/// Where to look for what a table refused.
#[derive(Clone, Copy)]
pub struct RefusedBy<'a> {
    /// The database.
    pub database: &'a Database,
    /// For how long.
    pub deadline: &'a Deadline,
    /// What was written.
    pub writes: UserWrites<'a>,
}

/// Fails with the rows that a rule of the table is about, or with the rule, where no rows can be named. It
/// finds nothing where the rule is a unique index: what was in the way of an import may be gone by now, and
/// another attempt succeeds.
pub async fn explain(
    by: RefusedBy<'_>,
    located: &[Located<ImportRow>],
    on_conflict: OnConflict,
    refused: &Refusal,
) -> Result<(), Error> {
    let rows: &Vec<&ImportRow> = &located.iter().map(|row| &row.value).collect();
    match refused.kind {
        RefusalKind::Unique if on_conflict == OnConflict::Fail => {
            let conflicts = by
                .database
                .read(by.deadline, |mut lease| async move {
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
        _ => {
            let broken = by.find_broken(rows, refused).await?;
            let details: Vec<_> = broken
                .iter()
                .map(|(index, limit)| by.detail(&located[*index], limit))
                .collect();
            if details.is_empty() {
                Err(by.unexplained(refused, located.len() == 1).await?)
            } else {
                Err(validation_failed(details))
            }
        }
    }
}

/// Why the table refused a change of some fields. `row` is what the user would be by it, where that is known.
pub async fn explain_change(
    by: RefusedBy<'_>,
    row: Option<&ImportRow>,
    said: &[&'static str],
    refused: &Refusal,
) -> Result<Error, Error> {
    let rows: Vec<_> = row.into_iter().collect();
    let broken = by.find_broken(&rows, refused).await?;
    let details: Vec<_> = broken
        .iter()
        .filter(|(_, limit)| limit.fields.iter().all(|field| said.contains(field)))
        .map(|(_, limit)| by.detail(&PLACE_OF_CHANGE, limit))
        .collect();
    if details.is_empty() {
        by.unexplained(refused, true).await
    } else {
        Ok(validation_failed(details))
    }
}

const PLACE_OF_CHANGE: Located<()> = Located {
    index: 0,
    line: None,
    value: (),
};

impl RefusedBy<'_> {
    /// The limits that rows break, in request order.
    async fn find_broken(
        self,
        rows: &[&ImportRow],
        refused: &Refusal,
    ) -> Result<Vec<(usize, Limit)>, Error> {
        let is_of_limits = matches!(
            refused.kind,
            RefusalKind::NotNull | RefusalKind::Type | RefusalKind::Check | RefusalKind::Reference
        );
        if !is_of_limits || rows.is_empty() {
            return Ok(Vec::new());
        }
        let limits = self
            .database
            .read(self.deadline, |mut lease| async move {
                (limits::list(&mut lease, self.writes).await, lease)
            })
            .await?;
        let mut broken = Vec::new();
        let mut seen = BTreeSet::new();
        for limit in &limits {
            let places = match self.compare(limit, rows).await? {
                Some(places) => places,
                None if matches!(limit.kind, LimitKind::Type(_)) => {
                    self.misfits(limit, rows).await?
                }
                None => Vec::new(),
            };
            for place in places {
                // A field may be written into more than one column.
                let is_new = match limit.kind {
                    // A value that is too long for its type is of that type.
                    LimitKind::Type(_) => !broken.iter().any(|(other, known): &(usize, Limit)| {
                        *other == place && known.fields == limit.fields
                    }),
                    _ => seen.insert((place, limit.fields.clone(), limit.code())),
                };
                broken.extend(is_new.then(|| (place, limit.clone())));
            }
        }
        broken.sort_by_key(|(place, _)| *place);
        Ok(broken)
    }

    /// The places of the rows that break a limit. Each limit has a transaction of its own, because the server may
    /// fail at the comparison.
    async fn compare(
        self,
        limit: &Limit,
        rows: &[&ImportRow],
    ) -> Result<Option<Vec<usize>>, Error> {
        self.database
            .read(self.deadline, |mut lease| async move {
                (limits::find_broken(&mut lease, limit, rows).await, lease)
            })
            .await
    }

    /// The places of the rows whose value cannot be converted, by halves.
    async fn misfits(self, limit: &Limit, rows: &[&ImportRow]) -> Result<Vec<usize>, Error> {
        let mut places = Vec::new();
        let mut parts = vec![(0, rows)];
        let mut comparisons = 0;
        while let Some((start, part)) = parts.pop() {
            comparisons += 1;
            if comparisons > MAX_COMPARISONS {
                break;
            }
            if self.compare(limit, part).await?.is_some() {
                continue;
            }
            if part.len() == 1 {
                places.push(start);
                continue;
            }
            let (first, second) = part.split_at(part.len() / 2);
            parts.push((start + first.len(), second));
            parts.push((start, first));
        }
        Ok(places)
    }

    /// The refusal of which no limit is known that the rows break. Names of the table of another application are
    /// for the log alone.
    async fn unexplained(self, refused: &Refusal, is_one_row: bool) -> Result<Error, Error> {
        if self.writes.mapping().is_none() {
            return Ok(Error::RefusedByTable(refused.clone()));
        }
        tracing::warn!(%refused, "the table refused what was written");
        let (constraint, column) = (refused.constraint.as_deref(), refused.column.as_deref());
        let fields = self
            .database
            .read(self.deadline, |mut lease| async move {
                let fields = limits::fields_of(&mut lease, self.writes, constraint, column).await;
                (fields, lease)
            })
            .await?;
        let message = match (refused.kind, fields.as_slice()) {
            (RefusalKind::NotNull, [field]) => format!("{field} is required in this table"),
            (RefusalKind::Check, [field]) => format!("{field} violates a rule of this table"),
            (RefusalKind::Reference, [field]) => {
                format!("{field} refers to something that does not exist")
            }
            _ => return Ok(Error::RefusedByTable(refused.clone().about(fields))),
        };
        if !is_one_row {
            return Ok(Error::RefusedByTable(refused.clone().about(fields)));
        }
        let code = match refused.kind {
            RefusalKind::NotNull => "required",
            _ => "not_allowed",
        };
        let detail = Detail {
            index: 0,
            line: None,
            field: fields.first().copied(),
            code,
            message,
        };
        Ok(validation_failed(vec![detail]))
    }

    fn detail<T>(self, place: &Located<T>, limit: &Limit) -> Detail {
        let fields = limit.fields.join(" and ");
        let is_mapped = self.writes.mapping().is_some();
        let message = match &limit.kind {
            LimitKind::Present => format!("{fields} is required in this table"),
            LimitKind::Characters(most) if limit.is_part => {
                format!("a part of {fields} may have at most {most} characters in this table")
            }
            LimitKind::Characters(most) => {
                format!("{fields} may have at most {most} characters in this table")
            }
            LimitKind::OneOf(values) => {
                let listed = values[..values.len().min(MAX_LISTED)].join(", ");
                let more = if values.len() > MAX_LISTED {
                    ", ..."
                } else {
                    ""
                };
                format!("{fields} must be one of {listed}{more} in this table")
            }
            LimitKind::Rule(name) if !is_mapped && limit.fields.len() == 1 => {
                format!("{fields} violates the table's rule \"{name}\"")
            }
            LimitKind::Rule(name) if !is_mapped => {
                format!("the row violates the table's rule \"{name}\"")
            }
            LimitKind::Rule(_) => {
                format!("the row violates a rule of this table about {fields}")
            }
            LimitKind::Type(name) => format!("{fields} must be of the type {name}"),
            LimitKind::Reference => format!("{fields} refers to something that does not exist"),
        };
        Detail {
            index: place.index,
            line: place.line,
            field: match limit.fields.as_slice() {
                [field] => Some(field),
                _ => None,
            },
            code: limit.code(),
            message,
        }
    }
}

impl Limit {
    fn code(&self) -> &'static str {
        match self.kind {
            LimitKind::Present => "required",
            LimitKind::Characters(_) => "too_long",
            LimitKind::Type(_) => "invalid_format",
            LimitKind::OneOf(_) | LimitKind::Rule(_) | LimitKind::Reference => "not_allowed",
        }
    }
}

fn validation_failed(details: Vec<Detail>) -> Error {
    Error::ValidationFailed {
        details: details.into_iter().collect(),
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
