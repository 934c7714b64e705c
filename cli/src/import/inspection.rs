//! What a file holds, found before anything is sent.

use anyhow::{Result, ensure};
use serde_json::{Map, Value};

use super::record::Record;
use super::records::Format;

/// So many objects are read for the names of their members.
const SAMPLE: u64 = 1_000;

/// What was found in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inspection {
    /// The format in words.
    pub(super) format: String,
    /// The columns, or the members of the first objects.
    pub(super) columns: Vec<String>,
    /// How many users there are.
    pub(super) users: u64,
}

impl Inspection {
    /// Reads all users once.
    pub(super) fn of(
        users: impl Iterator<Item = Result<Record>>,
        format: Format,
        header: &Record,
    ) -> Result<Self> {
        let mut found = match format {
            Format::Csv => Self::of_heading(&header.raw),
            Format::Ndjson => Self::new("NDJSON"),
            Format::Json => Self::new("a JSON array"),
        };
        for user in users {
            let user = user?;
            found.users += 1;
            if format != Format::Csv && found.users <= SAMPLE {
                found.add_members(&user.raw);
            }
        }
        ensure!(found.users > 0, "the file holds no users");
        Ok(found)
    }

    fn new(format: &str) -> Self {
        Self {
            format: format.to_owned(),
            columns: Vec::new(),
            users: 0,
        }
    }

    fn of_heading(heading: &str) -> Self {
        let mut records = csv_reader::Records::of_file(heading);
        let cells = records.next().and_then(Result::ok);
        let cells = cells.into_iter().flat_map(|record| record.cells);
        let columns = cells.map(|cell| cell.text.trim().to_owned()).collect();
        let delimiter = match records.delimiter() {
            b',' => "commas".to_owned(),
            b';' => "semicolons".to_owned(),
            b'\t' => "tabs".to_owned(),
            other => char::from(other).to_string(),
        };
        Self {
            columns,
            ..Self::new(&format!("CSV, separated by {delimiter}"))
        }
    }

    fn add_members(&mut self, text: &str) {
        // The API says what is wrong with a row that is not an object.
        let members: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        for (name, _) in members {
            if !self.columns.contains(&name) {
                self.columns.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::records;
    use super::*;

    fn inspect(format: Format, text: &str) -> Result<Inspection> {
        let header = records::header(text.as_bytes(), format)?;
        let rest = &text.as_bytes()[usize::try_from(header.end)?..];
        let users = records::after(rest, format, &header, header.end, header.next_line);
        Inspection::of(users, format, &header)
    }

    #[test]
    fn the_delimiter_and_the_columns_are_those_that_the_service_finds() {
        for (heading, delimiter) in [
            ("email,username", "commas"),
            ("email;\"username\"", "semicolons"),
            ("email\t username", "tabs"),
            ("sep=|\r\nemail|username", "|"),
        ] {
            let found = inspect(Format::Csv, &format!("{heading}\na\nb\n")).unwrap();
            assert_eq!(found.format, format!("CSV, separated by {delimiter}"));
            assert_eq!(found.columns, ["email", "username"]);
            assert_eq!(found.users, 2);
        }
        let found = inspect(Format::Csv, "email\na\n").unwrap();
        assert_eq!(found.format, "CSV, separated by commas");
    }

    #[test]
    fn members_are_those_of_all_objects() {
        let rows = "{\"email\":1}\nnonsense\n{\"username\":2,\"email\":3}\n";
        let found = inspect(Format::Ndjson, rows).unwrap();
        assert_eq!(found.columns, ["email", "username"]);
        assert_eq!(found.users, 3);
    }

    #[test]
    fn a_file_without_users_is_refused() {
        let error = inspect(Format::Csv, "email\n\n").unwrap_err();
        assert_eq!(error.to_string(), "the file holds no users");
    }
}
