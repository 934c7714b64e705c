//! What the columns of a table hold.

use csv_reader::Record;
use shared::users::{
    FieldName, FieldValue, RawUser, UnknownNames, UserField, UserFields, extra_of_column,
};

use super::Rows;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// A field of users.
    Field(UserField),
    /// A field that only the table of another application has.
    Extra(&'static str),
    /// The id.
    Id,
    /// What is not read: the service writes it itself, or the header was refused for it.
    Ignored,
    /// Nothing; spreadsheets export columns that were once used.
    Unnamed,
}

/// The fields that every new user of the table has.
fn required(fields: UserFields) -> impl Iterator<Item = UserField> {
    [UserField::Email, UserField::Username]
        .into_iter()
        .filter(move |field| *field == UserField::Email || fields.has(*field))
}

/// Reads the header. All that is wrong with it is said at once.
pub(super) fn columns(header: &Record<'_>, text: &str, rows: &mut Rows) -> Vec<Column> {
    let mut columns = Vec::with_capacity(header.filled_count);
    let mut given = Vec::new();
    let mut unknown = UnknownNames::default();
    let mut problems = Vec::new();
    let extra = rows.fields.extra();
    for cell in header.cells.iter().take(header.filled_count) {
        columns.push(match FieldName::of_column(&cell.text) {
            _ if cell.is_blank() => Column::Unnamed,
            FieldName::Id => Column::Id,
            FieldName::Ignored => Column::Ignored,
            FieldName::Unknown => match extra_of_column(&cell.text, extra) {
                Some(name) if columns.contains(&Column::Extra(name)) => {
                    problems.push(format!("column {name} appears twice"));
                    Column::Ignored
                }
                Some(name) => Column::Extra(name),
                None => {
                    unknown.push(&cell.text);
                    Column::Ignored
                }
            },
            FieldName::Known(field) if given.contains(&field) => {
                let problem = format!("column {} appears twice", field.name());
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
                Column::Ignored
            }
            FieldName::Known(field) => {
                given.push(field);
                Column::Field(field)
            }
        });
    }
    if header.filled_count > header.cells.len() {
        let most = header.cells.len();
        problems.push(format!("a header may have at most {most} columns"));
    }
    if !unknown.is_empty() {
        // No name of a column has an at sign. What may be a user's data is neither shown nor logged.
        if header.cells.iter().any(|cell| cell.text.contains('@')) {
            rows.refuse(if text.trim_end().contains(['\r', '\n']) {
                "The first row has an email address; a header row with the names of columns must come first"
            } else {
                "The body is a single line, so it has a header and no rows; curl -d removes line breaks: \
                 send the file with --data-binary"
            });
            return columns;
        }
        let hint = if columns.len() == 1 {
            " (columns are separated by commas, semicolons, tabs or |)"
        } else {
            ""
        };
        problems.insert(0, unknown.columns_message(&given, extra) + hint);
    }
    for field in required(rows.fields).filter(|field| !given.contains(field)) {
        problems.push(format!("column {} is missing", field.name()));
    }
    for problem in problems {
        rows.refuse(format!("Line {}: {problem}", header.line));
    }
    columns
}

/// Says of a row that a field is missing because its column is, which the header was refused for.
pub(super) fn mark_missing(columns: &[Column], fields: UserFields, user: &mut RawUser) {
    for field in required(fields) {
        if !columns.contains(&Column::Field(field)) {
            user.set(field, FieldValue::Unreadable);
        }
    }
}
