//! Why a table does not take what was written to it.

use std::fmt;

/// Why a table does not take what was written to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What refuses.
    pub kind: RefusalKind,
    /// The SQLSTATE; empty where the server saw nothing wrong.
    pub code: String,
    /// The name of the constraint or unique index, where there is one.
    pub constraint: Option<String>,
    /// The column, where only one is concerned.
    pub column: Option<String>,
}

/// What kind of rule a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// A unique index or an exclusion constraint.
    Unique,
    /// A unique constraint that is checked late, which `ON CONFLICT` cannot use.
    Deferrable,
    /// A foreign key.
    Reference,
    /// A CHECK constraint, or the check option of a view.
    Check,
    /// A column that must have a value.
    NotNull,
    /// A column that the table computes itself.
    Generated,
    /// The type of a column, such as its length.
    Type,
    /// An error that a trigger raises.
    Trigger,
    /// A trigger that changes emails and usernames, or leaves rows out, so that nobody can tell which row
    /// became which user.
    Altered,
}

impl Refusal {
    /// A [`RefusalKind::Altered`].
    #[must_use]
    pub fn altered() -> Self {
        Self {
            kind: RefusalKind::Altered,
            code: String::new(),
            constraint: None,
            column: None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}, SQLSTATE {}", self.kind, self.code)?;
        for (what, name) in [("constraint", &self.constraint), ("column", &self.column)] {
            if let Some(name) = name {
                write!(formatter, ", {what} {name}")?;
            }
        }
        Ok(())
    }
}
