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
    /// The fields that it is about, where the names of the table are not for callers.
    pub fields: Vec<&'static str>,
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
        let rule = self.rule();
        match self.kind {
            RefusalKind::Unique => {
                format!("a value is already in use or appears twice ({rule})")
            }
            RefusalKind::Deferrable => {
                "on_conflict=skip and on_conflict=update do not work with a deferrable unique rule of the table"
                    .to_owned()
            }
            RefusalKind::Reference => {
                format!("a row refers to another that does not exist ({rule})")
            }
            RefusalKind::Check => format!("a row violates {rule}"),
            RefusalKind::NotNull => match (&self.column, self.fields.as_slice()) {
                (Some(column), _) => format!(
                    "column \"{column}\" of the table needs a value, and this API does not set it"
                ),
                (None, []) => "the table needs a value that this API does not set".to_owned(),
                (None, fields) => format!("{} is required in this table", fields.join(" and ")),
            },
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

    fn rule(&self) -> String {
        match (&self.constraint, self.fields.as_slice()) {
            (Some(name), _) => format!("the table's rule \"{name}\""),
            (None, []) => "a rule of the table".to_owned(),
            (None, fields) => format!("a rule of the table about {}", fields.join(" and ")),
        }
    }

    /// The same without names of the table, about these fields.
    #[must_use]
    pub fn about(self, fields: Vec<&'static str>) -> Self {
        Self {
            constraint: None,
            column: None,
            fields,
            ..self
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
            fields: Vec::new(),
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
