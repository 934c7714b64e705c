//! Delimiter-separated values with a header row.

mod cell;
mod header;

use csv_reader::{Record, Records};
use serde_json::Value;
use shared::users::{FieldError, RawUser, UserFields};

use self::header::Column;
use super::Rows;

/// More columns than any export has. A cell takes many times as much memory as a comma.
const MAX_COLUMNS: usize = 500;

/// Reads a header and one user from every record after it. Where cells `are_guarded`, one apostrophe in front of
/// each is not part of it: exports for spreadsheets put it there.
pub(super) fn read(text: &str, rows: &mut Rows, are_guarded: bool) {
    let mut records = Records::of_file(text).keeping(MAX_COLUMNS);
    let columns = match records.next() {
        None => return rows.refuse("The body must begin with a header row"),
        Some(Err(error)) => return rows.refuse(format!("Line {}: {}", error.line, error.problem)),
        Some(Ok(header)) => header::columns(&header, text, rows),
    };
    let fields = rows.fields;
    for record in records.keeping(columns.len()) {
        match record {
            Ok(record) => rows.push(Some(record.line), || {
                user(&columns, fields, record, are_guarded)
            }),
            Err(error) => rows.refuse(format!("Line {}: {}", error.line, error.problem)),
        }
    }
}

/// Cells beyond the columns may be there if they are blank, and those of columns without a name need not be.
fn user(columns: &[Column], fields: UserFields, record: Record<'_>, are_guarded: bool) -> RawUser {
    if record.cell_count < columns.len() || record.filled_count > columns.len() {
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
    for (place, (column, mut cell)) in (1..).zip(columns.iter().zip(record.cells)) {
        if are_guarded && cell.text.starts_with('\'') {
            cell.text.to_mut().remove(0);
        }
        match column {
            Column::Field(field) => user.set(*field, cell::value(*field, cell)),
            Column::Extra(name) => {
                let text = cell::present(&cell).unwrap_or_default();
                user.set_other(name, &Value::from(text).to_string());
            }
            Column::Id => user.set_id(cell::present(&cell).unwrap_or_default()),
            Column::Ignored => {}
            Column::Unnamed if cell.is_blank() || (place == 1 && cell.is_row_number()) => {}
            Column::Unnamed => {
                return RawUser::broken(FieldError::of_row(
                    "wrong_cell_count",
                    format!("cell {place} has a value, but its column has no name"),
                ));
            }
        }
    }
    header::mark_missing(columns, fields, &mut user);
    user
}

#[cfg(test)]
mod tests {
    use shared::{platform::error::Error, users::AcceptedHashes};

    use super::*;

    fn error(text: &str) -> Error {
        let mut rows = Rows::new(9, false, UserFields::ALL);
        read(text, &mut rows, false);
        rows.finish(AcceptedHashes::default()).unwrap_err()
    }

    fn message(text: &str) -> String {
        error(text).public().message
    }

    /// Line, field and code of every detail.
    fn places(text: &str) -> Vec<(Option<usize>, Option<&'static str>, &'static str)> {
        let error = error(text);
        let details = error.public().details.iter();
        details
            .map(|detail| (detail.line, detail.field, detail.code))
            .collect()
    }

    #[test]
    fn every_problem_of_a_header_is_in_one_message() {
        assert_eq!(message(""), "The body must begin with a header row");
        assert_eq!(
            message("\nE-Mail;Name;Active;E-Mail\n"),
            "Line 2: unknown columns \"Name\" (did you mean full_name?), \"Active\" (did you mean \
             is_active?); supported: email, username, full_name, password, password_hash, is_active, \
             is_superuser, created_at. Line 2: column email appears twice. Line 2: column username is \
             missing"
        );
        let other = message("email:username\na@example.com:a\n");
        assert!(
            other.contains("separated by commas, semicolons, tabs or |"),
            "{other}"
        );
    }

    #[test]
    fn errors_of_rows_are_in_the_same_answer_as_those_of_the_file() {
        let text =
            "email,full_name,role\nnonsense,a,b\n\"a@example.com\"x,a,b\nb@example.com,b,\n\"c";
        assert_eq!(
            message(text),
            "Line 1: unknown column \"role\"; supported: email, username, full_name, password, \
             password_hash, is_active, is_superuser, created_at. Line 1: column username is missing. \
             Line 3: text stands behind a closing quote. Line 5: a quoted cell is never closed. \
             Also, 1 row error found, see details"
        );
        assert_eq!(places(text), [(Some(2), Some("email"), "invalid_format")]);
    }

    #[test]
    fn lines_that_curl_joined_are_explained() {
        let message = message("email,usernamea@example.com,ab@example.com,b");
        assert!(message.contains("--data-binary"), "{message}");
    }

    #[test]
    fn a_file_without_a_header_is_explained_without_its_users() {
        let text = "ada@example.com,Ada Lovelace\nbob@example.com,Bob\n";
        assert_eq!(
            message(text),
            "The first row has an email address; a header row with the names of columns must come first"
        );
    }

    #[test]
    fn bad_rows_are_reported_by_the_line_on_which_they_begin() {
        let text = "email,username,full_name,is_active\n\
                    a@example.com,a,\"two\nlines\",true\n\
                    b@example.com,b\n\
                    c@example.com,c,,maybe\n\
                    d@example.com,d,,,more\n";
        assert_eq!(
            places(text),
            [
                (Some(2), Some("full_name"), "invalid_format"),
                (Some(4), None, "wrong_cell_count"),
                (Some(5), Some("is_active"), "invalid_type"),
                (Some(6), None, "wrong_cell_count"),
            ]
        );
    }

    #[test]
    fn numbers_in_front_of_the_rows_are_not_read() {
        let text = ",email,username\n0,a@example.com,a\n17,b@example.com,b\nx,c@example.com,c\n";
        assert_eq!(places(text), [(Some(4), None, "wrong_cell_count")]);
    }

    #[test]
    fn columns_without_a_name_may_hold_nothing() {
        let text =
            "email,,username,,\na@example.com,,a,,\nb@example.com,x,b\nc@example.com,,c,,,\n";
        assert_eq!(places(text), [(Some(3), None, "wrong_cell_count")]);
    }
}
