//! What a file holds, found before anything is sent.

use anyhow::{Result, ensure};
use serde_json::{Map, Value};

use super::csv;
use super::record::Record;
use super::records::Format;

/// How many objects are read for the names of their members.
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
        let mut found = Self {
            format: Self::format(format, &header.raw),
            columns: Vec::new(),
            users: 0,
        };
        if format == Format::Csv {
            found.columns = csv::columns(&header.raw).0;
        }
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

    /// The format in words.
    pub(super) fn format(format: Format, header: &str) -> String {
        match format {
            Format::Ndjson => "NDJSON".to_owned(),
            Format::Json => "a JSON array".to_owned(),
            Format::Csv => match csv::columns(header).1 {
                b',' => "CSV, separated by commas".to_owned(),
                b';' => "CSV, separated by semicolons".to_owned(),
                b'\t' => "CSV, separated by tabs".to_owned(),
                other => format!("CSV, separated by {}", char::from(other)),
            },
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
