//! What only the table of another application has, in statements.
//!
//! The view `users` shows it in one column `extra`, an object. The server makes values of the types of the table
//! from JSON: a row of the view is filled with an object whose keys are the columns that the view writes.

use std::borrow::Cow;

use serde_json::{Map, Value};
use users_table::{ExtraFields, mapping::raw_name};

use super::USER_COLUMNS;

/// The columns of a user of a table.
pub(super) fn user_columns(extra: ExtraFields) -> Cow<'static, str> {
    if extra.is_empty() {
        USER_COLUMNS.into()
    } else {
        format!("{USER_COLUMNS}, users.extra").into()
    }
}

/// A list of columns with the extra ones behind it, where there are any.
pub(super) fn and_extra(columns: &'static str, extra: ExtraFields) -> Cow<'static, str> {
    if extra.is_empty() {
        columns.into()
    } else {
        format!("{columns}, extra").into()
    }
}

/// The object by which a row of the view is filled.
pub(super) fn row_of_view(values: &Map<String, Value>, extra: ExtraFields) -> Value {
    let said = extra.iter().filter_map(|field| {
        let value = values.get(field.name)?;
        Some((raw_name(field.column), value.clone()))
    });
    Value::Object(said.collect())
}
