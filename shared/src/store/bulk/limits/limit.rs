//! What a table asks of values.

use crate::store::mapping::WrittenColumn;

/// A limit of the table on values that we write.
#[derive(Debug, Clone)]
pub(in crate::store::bulk) struct Limit {
    /// The fields that it is about, in the words of the API.
    pub(in crate::store::bulk) fields: Vec<&'static str>,
    /// Whether the field is only a part of what is limited.
    pub(in crate::store::bulk) is_part: bool,
    pub(in crate::store::bulk) kind: LimitKind,
    /// The columns of the table that the condition is about, each with its value.
    pub(super) values: Vec<(String, String)>,
    /// A condition in SQL that breaks the limit.
    pub(super) broken_if: String,
}

/// What a column or the table asks of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::bulk) enum LimitKind {
    /// Not to be missing.
    Present,
    /// To have at most this many characters.
    Characters(i32),
    /// To be one of these.
    OneOf(Vec<String>),
    /// To keep the rule of this name.
    Rule(String),
    /// To be the key of a row of another table.
    Reference,
    /// To be of this type.
    Type(String),
}

/// Each field once.
pub(super) fn fields<'w>(written: impl Iterator<Item = &'w WrittenColumn>) -> Vec<&'static str> {
    let mut fields: Vec<_> = written.filter_map(|written| written.field).collect();
    fields.dedup();
    fields
}

/// A rule that lists the values of one column says which they are.
pub(super) fn rule(check: &str, name: &str) -> LimitKind {
    let texts: Vec<_> = check.split('\'').skip(1).step_by(2).collect();
    let is_list = check.matches("= ANY (").count() == 1 && !check.contains(" OR ");
    if is_list && !texts.is_empty() && !check.contains(" AND ") {
        LimitKind::OneOf(texts.into_iter().map(str::to_owned).collect())
    } else {
        LimitKind::Rule(name.to_owned())
    }
}
