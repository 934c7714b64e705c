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
    /// The names of rules and columns are those of the table's owner, who has to be asked about them. What
    /// the server or a trigger says beside that may quote a value.
    pub(super) fn message(&self) -> String {
        let name = |name: &Option<String>| name.as_deref().unwrap_or("unnamed").to_owned();
        let rule = name(&self.constraint);
        match self.kind {
            RefusalKind::Unique => {
                format!("a value is already in use or appears twice (the table's rule \"{rule}\")")
            }
            RefusalKind::Deferrable => {
                "on_conflict=skip and on_conflict=update do not work with a deferrable unique rule of the table"
                    .to_owned()
            }
            RefusalKind::Reference => {
                format!("a row refers to another that does not exist (the table's rule \"{rule}\")")
            }
            RefusalKind::Check => format!("a row violates the table's rule \"{rule}\""),
            RefusalKind::NotNull => format!(
                "column \"{}\" of the table needs a value, and this API does not set it",
                name(&self.column)
            ),
            RefusalKind::Generated => {
                "the table generates a column that this API has to write".to_owned()
            }
            RefusalKind::Type => "a value does not fit the type of its column in this table".to_owned(),
            RefusalKind::Trigger => "a trigger of the table rejected a row".to_owned(),
            RefusalKind::Altered => {
                "a trigger of the table changes emails or usernames, or skips rows, so rows and users cannot be matched"
                    .to_owned()
            }
        }
    }

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
