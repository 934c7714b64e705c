//! The rows of a body, and what is wrong with the body beside them.

use shared::{
    platform::error::Error,
    users::{AcceptedHashes, Located, NewUser, RawUser, UserFields, parse_batch},
};

/// A body that is wrong on every line is described by its first lines.
const MAX_PROBLEMS: usize = 20;

/// Collects rows up to a limit, and counts those beyond it.
pub(super) struct Rows {
    limit: usize,
    keeps_ids: bool,
    pub(super) fields: UserFields,
    pub(super) kept: Vec<Located<RawUser>>,
    pub(super) count: usize,
    problems: Vec<String>,
    problem_count: usize,
}

impl Rows {
    pub(super) fn new(limit: usize, keeps_ids: bool, fields: UserFields) -> Self {
        Self {
            limit,
            keeps_ids,
            fields,
            kept: Vec::new(),
            count: 0,
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    /// Adds a row. It is not even read beyond the limit.
    pub(super) fn push(&mut self, line: Option<usize>, read: impl FnOnce() -> RawUser) {
        self.count += 1;
        if self.count <= self.limit {
            let mut user = read();
            if !self.keeps_ids {
                user.forget_id();
            }
            self.kept.push(Located {
                index: self.kept.len(),
                line,
                value: user,
            });
        }
    }

    /// Adds a reason why the body as a whole is refused.
    pub(super) fn refuse(&mut self, problem: impl Into<String>) {
        self.problem_count += 1;
        if self.problem_count <= MAX_PROBLEMS {
            self.problems.push(problem.into());
        }
    }

    /// The users, or all that is wrong with the body and its rows.
    pub(super) fn finish(
        mut self,
        accepted: AcceptedHashes,
    ) -> Result<Vec<Located<NewUser>>, Error> {
        if self.count > self.limit {
            return Err(Error::TooLarge {
                message: format!(
                    "A request may contain at most {} users; this one contains {}",
                    self.limit, self.count
                ),
            });
        }
        if self.problems.is_empty() {
            if self.count == 0 {
                return Err(Error::invalid_request(
                    "The body must hold at least one user",
                ));
            }
            let batch = parse_batch(self.kept, accepted, self.fields);
            return batch.map_err(|details| Error::ValidationFailed { details });
        }
        if self.problem_count > MAX_PROBLEMS {
            let more = self.problem_count - MAX_PROBLEMS;
            self.problems
                .push(format!("{more} more errors of this kind"));
        }
        let rows = parse_batch(self.kept, accepted, self.fields);
        Err(Error::InvalidRequest {
            message: self.problems.join(". "),
            details: rows.err().unwrap_or_default(),
        })
    }
}
