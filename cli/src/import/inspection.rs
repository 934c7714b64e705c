//! What a file holds, found before anything is sent.

use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

use super::records::{Format, Record, Records};

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
    /// Reads the whole file once.
    pub(super) fn of(file: &mut File, format: Format, header: &Record) -> Result<Self> {
        file.seek(SeekFrom::Start(header.end))
            .context("cannot read the file")?;
        let reader = BufReader::new(file);
        Self::of_records(
            Records::new(reader, format, header.end, header.next_line),
            format,
            header,
        )
    }

    fn of_records(
        records: impl Iterator<Item = Result<Record>>,
        format: Format,
        header: &Record,
    ) -> Result<Self> {
        let heading = text(header)?;
        let mut found = match format {
            Format::Csv => Self::of_heading(heading),
            Format::Ndjson => Self::new("NDJSON"),
            Format::Json => Self::new("a JSON array"),
        };
        for record in records {
            let record = record?;
            let text = text(&record)?;
            found.users += 1;
            if format != Format::Csv && found.users <= SAMPLE {
                found.add_members(text);
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
        let delimiters = [(',', "commas"), (';', "semicolons"), ('\t', "tabs")];
        let count = |delimiter| heading.matches(delimiter).count();
        // Of several that are equally frequent, `max_by_key` takes the last.
        let best = delimiters
            .iter()
            .rev()
            .max_by_key(|(delimiter, _)| count(*delimiter));
        let (delimiter, name) = best.copied().unwrap_or(delimiters[0]);
        let cells = heading.split(delimiter);
        Self {
            columns: cells
                .map(|cell| cell.trim_matches(['"', ' ']).to_owned())
                .collect(),
            ..Self::new(&format!("CSV, separated by {name}"))
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

fn text(record: &Record) -> Result<&str> {
    let Ok(text) = str::from_utf8(&record.raw) else {
        bail!(
            "line {} is not valid UTF-8; convert the file first, for example with \
             iconv -f WINDOWS-1252 -t UTF-8",
            record.line
        );
    };
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(format: Format, heading: &str, rows: &[u8]) -> Result<Inspection> {
        let header = Record {
            raw: heading.as_bytes().to_vec(),
            line: 1,
            end: 0,
            next_line: 2,
        };
        Inspection::of_records(Records::new(rows, format, 0, 2), format, &header)
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_one_of_the_heading() {
        for (heading, delimiter) in [
            ("email,username", "commas"),
            ("email;\"username\"", "semicolons"),
            ("email\tusername", "tabs"),
        ] {
            let found = inspect(Format::Csv, heading, b"a\nb\n").unwrap();
            assert_eq!(found.format, format!("CSV, separated by {delimiter}"));
            assert_eq!(found.columns, ["email", "username"]);
            assert_eq!(found.users, 2);
        }
        let found = inspect(Format::Csv, "email", b"a\n").unwrap();
        assert_eq!(found.format, "CSV, separated by commas");
    }

    #[test]
    fn members_are_those_of_all_objects() {
        let rows = b"{\"email\":1}\nnonsense\n{\"username\":2,\"email\":3}\n";
        let found = inspect(Format::Ndjson, "", rows).unwrap();
        assert_eq!(found.columns, ["email", "username"]);
        assert_eq!(found.users, 3);
    }

    #[test]
    fn a_file_in_another_encoding_or_without_users_is_refused() {
        let error = inspect(Format::Csv, "email", b"a\nM\xfcller\n").unwrap_err();
        assert!(
            error.to_string().starts_with("line 3 is not valid UTF-8"),
            "{error}"
        );
        let error = inspect(Format::Csv, "email", b"\n").unwrap_err();
        assert_eq!(error.to_string(), "the file holds no users");
    }
}
