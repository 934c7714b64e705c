//! Comma-separated values with a header row, by RFC 4180.
//!
//! The usual readers are lenient: they take a quote that is never closed for the end of the file's
//! last cell, and text behind a closing quote for more of the cell. In an import this turns one
//! forgotten quote into a user made of other users, so this reader is strict.

mod records;

use std::borrow::Cow;

use shared::{
    platform::error::Error,
    users::{FieldError, FieldValue, RawUser, UserField},
};

use self::records::{Malformed, Record, Records};
use super::Rows;

/// One cell more than there are fields is enough to see that a header repeats one or names another.
const MAX_CELLS: usize = UserField::ALL.len() + 1;

/// Reads a header and one user from every record after it.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<(), Error> {
    let mut records = Records::new(text, MAX_CELLS);
    let columns = match records.next() {
        Some(header) => columns(&header.map_err(malformed)?)?,
        None => {
            return Err(Error::invalid_request(
                "The body must begin with a header row",
            ));
        }
    };
    for record in records {
        let record = record.map_err(malformed)?;
        rows.push(Some(record.line), || user(&columns, record));
    }
    Ok(())
}

/// What the columns hold.
fn columns(header: &Record<'_>) -> Result<Vec<UserField>, Error> {
    let refuse =
        |problem: String| Error::invalid_request(format!("Line {}: {problem}", header.line));
    let mut columns = Vec::with_capacity(header.cells.len());
    for name in &header.cells {
        let Some(field) = UserField::named(name) else {
            let shown: String = name.chars().take(40).collect();
            return Err(refuse(format!(
                "unknown column {shown:?}; supported: {} (separated by commas)",
                UserField::names()
            )));
        };
        if columns.contains(&field) {
            return Err(refuse(format!("column {} appears twice", field.name())));
        }
        columns.push(field);
    }
    for field in [UserField::Email, UserField::Username] {
        if !columns.contains(&field) {
            return Err(refuse(format!("column {} is missing", field.name())));
        }
    }
    Ok(columns)
}

fn user(columns: &[UserField], record: Record<'_>) -> RawUser {
    if record.cell_count != columns.len() {
        return RawUser::broken(FieldError::of_row(
            "wrong_cell_count",
            format!(
                "the row has {} cells, the header {}",
                record.cell_count,
                columns.len()
            ),
        ));
    }
    let mut user = RawUser::default();
    for (&field, cell) in columns.iter().zip(record.cells) {
        user.set(field, value(field, cell));
    }
    user
}

fn value(field: UserField, cell: Cow<'_, str>) -> FieldValue {
    if cell.is_empty() {
        return FieldValue::Absent;
    }
    if !matches!(field, UserField::IsActive | UserField::IsSuperuser) {
        return FieldValue::Text(cell.into_owned());
    }
    // Spreadsheets write TRUE.
    if cell.eq_ignore_ascii_case("true") {
        FieldValue::Flag(true)
    } else if cell.eq_ignore_ascii_case("false") {
        FieldValue::Flag(false)
    } else {
        FieldValue::Other
    }
}

fn malformed(error: Malformed) -> Error {
    let Malformed { line, problem } = error;
    Error::invalid_request(format!("Line {line}: {problem}"))
}

#[cfg(test)]
mod tests {
    use shared::users::NewUserBatch;

    use super::*;

    fn message(text: &str) -> String {
        let mut rows = Rows::new(9);
        read(text, &mut rows).unwrap_err().public().message
    }

    #[test]
    fn a_header_must_name_known_columns_once() {
        assert_eq!(message(""), "The body must begin with a header row");
        assert_eq!(
            message("\nemail;username\n"),
            "Line 2: unknown column \"email;username\"; supported: email, username, full_name, \
             password, password_hash, is_active, is_superuser (separated by commas)"
        );
        assert_eq!(
            message("email,username,email\n"),
            "Line 1: column email appears twice"
        );
        assert_eq!(
            message("email,full_name\n"),
            "Line 1: column username is missing"
        );
    }

    #[test]
    fn a_broken_quote_is_named_by_line() {
        assert_eq!(
            message("email,username\na@example.com,a\n\"b@example.com,b\nc@example.com,c\n"),
            "Line 3: a quoted cell is never closed"
        );
    }

    #[test]
    fn bad_rows_are_reported_by_the_line_on_which_they_begin() {
        let text = "email,username,full_name,is_active\n\
                    a@example.com,a,\"two\nlines\",true\n\
                    b@example.com,b\n\
                    c@example.com,c,,maybe\n";
        let mut rows = Rows::new(9);
        read(text, &mut rows).unwrap();
        let details = NewUserBatch::parse(rows.finish().unwrap()).unwrap_err();
        let found: Vec<_> = details
            .listed()
            .iter()
            .map(|detail| (detail.line, detail.field, detail.code))
            .collect();
        assert_eq!(
            found,
            [
                (Some(2), Some("full_name"), "invalid_format"),
                (Some(4), None, "wrong_cell_count"),
                (Some(5), Some("is_active"), "invalid_type"),
            ]
        );
    }
}
