//! Names as SQL takes them.

/// A name as SQL takes it.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What a column of the table that rollcall writes is called in the view.
#[must_use]
pub fn raw(column: &str) -> String {
    quoted(&raw_name(column))
}

/// The same, not quoted.
#[must_use]
pub fn raw_name(column: &str) -> String {
    format!("raw_{column}")
}

/// A text as SQL takes it.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
